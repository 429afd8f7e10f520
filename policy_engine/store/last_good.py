"""
The last known good policies, kept on disk, for a start while the folder is broken or missing.

One zip file holds the sources as they were loaded. It is replaced whole (written aside, fsynced, renamed), so it is
the old one or the new one at any time, also after a power cut and with several processes at it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from policy_engine.loader.bundle import Bundle

_MAX_BYTES = 256 * 1024 * 1024
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


class LastGood:
    """
    Saves and finds the last known good sources of one policy folder and environment.

    Args:
        state_dir: a folder of this engine's own; made if it is not there. Several policy folders may share it.
        folder: the policy folder, by whose name the sources are found again.
        env: the environment.
    """

    def __init__(self, state_dir: str | os.PathLike[str], folder: str, env: str | None) -> None:
        name = os.path.abspath(folder)
        key = hashlib.sha256(f"{name}\0{env or ''}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
        self.path = Path(state_dir) / f"{Path(name).name}-{key}.zip"

    def save(self, bundle: Bundle) -> None:
        """
        Replaces what was saved by a bundle's sources. Blocks until it is on the disk.

        Raises:
            OSError: it could not be written; what was saved before is still there.
        """
        from tempfile import mkstemp

        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = mkstemp(prefix=f".{self.path.stem}-", dir=self.path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                _pack(sources_of(bundle), file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, self.path)
        except BaseException:
            os.unlink(aside)
            raise
        _fsync_folder(self.path.parent)

    @contextmanager
    def unpacked(self) -> Iterator[str | None]:
        """
        A temporary folder with the saved sources, for as long as the context lasts; None if there are none.

        Raises:
            OSError: what was saved cannot be read.
        """
        from tempfile import TemporaryDirectory

        if not self.path.is_file():
            yield None
            return
        with TemporaryDirectory(prefix="policy_engine-") as folder:
            _unpack(self.path, Path(folder))
            yield folder


def sources_of(bundle: Bundle) -> Mapping[str, bytes]:
    """Contents of all files that a bundle was made from, by path relative to its folder."""
    return {**bundle.assets, **{file.path: file.content for file in bundle.files}}


def _pack(sources: Mapping[str, bytes], file: BinaryIO) -> None:
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    with ZipFile(file, "w") as archive:
        for path, content in sorted(sources.items()):
            archive.writestr(ZipInfo(path, _LONG_AGO), content, ZIP_DEFLATED)


def _unpack(path: Path, folder: Path) -> None:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise OSError(f"`{path}` is larger than a bundle can be")
            archive.extractall(folder)  # which takes care that nothing lands outside
    except BadZipFile as error:
        raise OSError(f"`{path}` is damaged: {error}") from error


def _fsync_folder(folder: Path) -> None:
    """Makes a rename in the folder survive a power cut, where folders can be opened (not on Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
