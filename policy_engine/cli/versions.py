"""Versions of policies: folders, or what a folder was at a revision of git."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from policy_engine.cli.console import NotLoaded

_TIMEOUT_S = 60
_GIT = "git:"


def version_folder(place: str, stack: ExitStack) -> Path:
    """
    The folder of a version: `git:REV:FOLDER` is written to a folder that lasts as long as the stack, others are there.

    Raises:
        NotLoaded: git does not know the revision, or the folder in it, or a link in that leads outside.
    """
    if not place.startswith(_GIT):
        return Path(place)
    revision, colon, folder = place.removeprefix(_GIT).rpartition(":")
    if not colon or not revision or not folder:
        raise NotLoaded(f"`{place}` is not of the form git:REVISION:FOLDER, such as git:main:policies")
    target = Path(stack.enter_context(TemporaryDirectory(prefix="policy_engine-")))
    with tarfile.open(fileobj=io.BytesIO(_archive(revision, folder))) as archive:
        for member in archive:
            if member.issym() and not _stays_inside(member, target):
                raise NotLoaded(f"`{member.name}` in `{place}` is a link that leads outside of the folder")
        if hasattr(tarfile, "data_filter"):
            archive.extractall(target, filter="data")
        else:  # Python before 3.11.4; git writes no other path that leads outside
            archive.extractall(target)
    return target


def _stays_inside(link: tarfile.TarInfo, target: Path) -> bool:
    return Path(os.path.normpath(target / link.name / ".." / link.linkname)).is_relative_to(target)


def _archive(revision: str, folder: str) -> bytes:
    """What git has of a folder, as a tar archive; the folder is relative to where the command runs."""
    if revision.startswith("-"):
        raise NotLoaded(f"`{revision}` is no revision")
    path = Path(folder)
    place = ["-C", str(path)] if path.is_absolute() else []
    tree = f"{revision}:./" if path.is_absolute() else f"{revision}:./{path.as_posix()}"
    command = ["git", *place, "archive", "--format=tar", tree]
    try:
        finished = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise NotLoaded(f"git cannot be run: {problem}") from None
    if finished.returncode:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NotLoaded(f"git has no `{folder}` at `{revision}`: {said[-1] if said else 'it says nothing'}")
    return finished.stdout
