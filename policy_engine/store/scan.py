"""
What a policy folder holds at this moment: hashes of contents, and whatever else shows that something changed.

Only what can belong to a bundle counts: YAML files, tests included, and the files they refer to. Logs, notes and what
editors leave behind may change as they like.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from policy_engine.store.links import Links, nearest_folder

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""Contents of larger files are not hashed; their size and times stand in. No bundle may hold such a file."""

FRESH_NS: Final = 2_000_000_000
"""A file changed less than this before it was read is read again: its times may be too coarse to show a next change."""

_SUFFIXES = (".yaml", ".yml")
_LEFTOVER_STARTS = (".", "#", "~")

Stamp: TypeAlias = tuple[int, ...]
"""Device, inode, size, time of modification and of change (ns) of a file."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A folder to watch, and which folder it is: another of the same path is another place."""

    path: str
    device: int
    inode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderScan:
    """
    One look at a policy folder.

    Attributes:
        digest: hash of all paths and contents; equal digests mean equal folders.
        files: hash of each file's content, by path relative to the folder, with `/`.
        stamps: what else would show a change between two looks, even one that was undone.
        places: the folders in which a change could matter.
        changed_ns: when something last changed, as the file system tells it (ns since 1970).
    """

    digest: str
    files: Mapping[str, str]
    stamps: Mapping[str, Stamp]
    places: frozenset[Place]
    changed_ns: int

    def agrees_with(self, other: FolderScan) -> bool:
        """Whether nothing happened between two looks."""
        return self.digest == other.digest and self.stamps == other.stamps

    def changes_since(self, other: FolderScan) -> set[str]:
        """The paths of files that came, went or changed, be it only in their times."""
        mine, others = {*self.files.items(), *self.stamps.items()}, {*other.files.items(), *other.stamps.items()}
        return {path for path, _ in mine ^ others if path in self.files or path in other.files}


@dataclass(frozen=True, slots=True)
class _Read:
    """A file as it was read: its stamp, when that was (ns), and the hash of its content."""

    stamp: Stamp
    at_ns: int
    hash: str

    def holds(self, stamp: Stamp) -> bool:
        """Whether a file of this stamp must still have the same content."""
        return self.stamp == stamp and _newest(stamp) < self.at_ns - FRESH_NS


class Scanner:
    """Looks at one folder again and again, reading only what may have changed. For one thread at a time."""

    def __init__(self, folder: str, now_ns: Callable[[], int] = time.time_ns) -> None:
        self.folder = os.path.abspath(folder)
        self.referred: frozenset[str] = frozenset()
        """Paths, relative to the folder, of the files that policies refer to."""
        self.places: frozenset[Place] = frozenset()
        """The folders in which a change could matter, as of the last look."""
        self._now_ns = now_ns
        self._read: dict[str, _Read] = {}

    def scan(self) -> FolderScan:
        """The folder now. A file whose size, times and inode are unchanged is not read."""
        look = _Look(self.folder, self._read, self._now_ns())
        look.folder("")
        for path in self.referred:
            look.follow_and_read(path)
        self._read = look.read
        result = look.result()
        self.places = result.places
        return result

    def scan_every_content(self) -> FolderScan:
        """The folder now, every file read, for changes that show in nothing else."""
        self._read = {}
        return self.scan()


class _Look:
    def __init__(self, root: str, known: Mapping[str, _Read], at_ns: int) -> None:
        self.root = root
        self.known = known
        self.at_ns = at_ns
        self.read: dict[str, _Read] = {}
        self.files: dict[str, str] = {}
        self.stamps: dict[str, Stamp] = {}
        self._folders: dict[str, Stamp] = {}
        self._visited: set[tuple[int, int]] = set()
        self._links = Links()

    def folder(self, path: str) -> None:
        """Takes in a folder and everything below it; one that is reached twice counts once."""
        full = os.path.join(self.root, path) if path else self.root
        try:
            stamp = _stamp(os.stat(full))
            if (stamp[0], stamp[1]) in self._visited:
                return
            self._visited.add((stamp[0], stamp[1]))
            self._folders[full] = stamp
            with os.scandir(full) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                self.files[path] = f"unreadable: {error.errno}"
            return
        for entry in entries:
            self._take(f"{path}/{entry.name}" if path else entry.name, entry)

    def _take(self, path: str, entry: os.DirEntry[str]) -> None:
        name = entry.name
        is_folder = _is_folder(entry)
        if name.startswith(".") or not (is_folder or _is_yaml(name)):
            return
        if entry.is_symlink():
            self._follow(path)
        if is_folder:
            self.folder(path)
        else:
            self.file(path)

    def follow_and_read(self, path: str) -> None:
        """Takes in one file that may be, or may lie behind, a link."""
        if path not in self.files:
            self._follow(path)
            self.file(path)

    def _follow(self, path: str) -> None:
        """Takes in the links that lead to a path, and the folders in which they or the file can be replaced."""
        full = os.path.join(self.root, path)
        for folder in self._links.folders_on_the_way(full):
            self._note_folder(folder)
        self._note_folder(os.path.dirname(os.path.realpath(full)))
        try:
            self.stamps[f"{path} -> {os.readlink(full)}"] = _stamp(os.lstat(full))
        except OSError:
            return

    def file(self, path: str) -> None:
        """Takes in one file, if it is there."""
        full = os.path.join(self.root, path)
        try:
            found = os.stat(full)
        except OSError as error:
            self.files[path] = f"unreadable: {error.errno}"
            return
        stamp = self.stamps[path] = _stamp(found)
        known = self.known.get(path)
        if known is None or not known.holds(stamp):
            known = _Read(stamp, self.at_ns, _content_hash(full, found))
        self.read[path] = known
        self.files[path] = known.hash

    def _note_folder(self, full: str) -> None:
        if full not in self._folders:
            try:
                self._folders[full] = _stamp(os.stat(full))
            except OSError:
                return

    def result(self) -> FolderScan:
        """What was seen."""
        for folder in _approaches(self.root, self._links):
            self._note_folder(folder)
        below = f"{self.root}{os.sep}"
        inside = {full: stamp for full, stamp in self._folders.items() if f"{full}{os.sep}".startswith(below)}
        identities = {f"{full}/": stamp[:2] for full, stamp in inside.items()}
        return FolderScan(
            digest=_digest(self.files.items()),
            files=self.files,
            stamps=self.stamps | identities,
            places=frozenset(Place(full, *stamp[:2]) for full, stamp in self._folders.items()),
            changed_ns=max((_newest(stamp) for stamp in (*self.stamps.values(), *inside.values())), default=0),
        )


def _approaches(root: str, links: Links) -> Iterator[str]:
    """The folders in which the root itself, or a link that leads to it, can be replaced."""
    yield nearest_folder(os.path.dirname(root))
    yield nearest_folder(os.path.dirname(os.path.realpath(root)))
    yield from links.folders_on_the_way(root)


def _is_yaml(name: str) -> bool:
    return name.endswith(_SUFFIXES) and not name.startswith(_LEFTOVER_STARTS)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _stamp(found: os.stat_result) -> Stamp:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _newest(stamp: Stamp) -> int:
    return max(stamp[3:])


def _content_hash(full: str, found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "no regular file"
    if found.st_size > MAX_FILE_BYTES:
        return f"large: {found.st_size} {found.st_mtime_ns}"
    try:
        return hashlib.sha256(_content(full, found.st_size)).hexdigest()
    except OSError as error:
        return f"unreadable: {error.errno}"


def _content(full: str, size: int) -> bytes:
    """What the file holds, in as few system calls as can be, and at once even if a pipe took its place."""
    handle = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        return os.read(handle, size + 1)  # a file of another size by now has another stamp, so this look will not count
    finally:
        os.close(handle)


def _digest(files: Iterable[tuple[str, str]]) -> str:
    digest = hashlib.sha256()
    for path, content in sorted(files):
        digest.update(f"{path}\0{content}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
