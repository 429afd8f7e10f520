"""Who is at work in a policy folder: a writer that has not closed its file yet, or git."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # there is no such module to have a type

_ABANDONED_S = 60


def is_open_for_writing(path: str) -> bool:
    """
    Whether some process has the file open for writing; False where the system does not tell.

    Linux tells owners of a file: it grants a read lease only while nobody writes. The lease is given back at once; a
    writer that comes in between waits for that, and the signal that would tell us so is made one that does nothing.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def git_locks(folder: str) -> tuple[str, ...]:
    """The lock files, there or not, that a git holds which changes the work trees around `folder`."""
    return tuple(os.path.join(git_folder, "index.lock") for git_folder in _git_folders(os.path.realpath(folder)))


def is_held(lock: str) -> bool:
    """Whether a git holds this lock; one that is older than a minute was left behind by a git that died."""
    try:
        return time.time() - os.stat(lock).st_mtime < _ABANDONED_S
    except OSError:
        return False


def _git_folders(folder: str) -> Iterator[str]:
    """The git folders of the work trees around a folder; a linked work tree has a file that says where."""
    while True:
        git = os.path.join(folder, ".git")
        if os.path.isdir(git):
            yield git
        elif os.path.isfile(git):
            yield _linked(git)
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _linked(git_file: str) -> str:
    try:
        with open(git_file, encoding="utf-8", errors="replace") as file:
            where = file.read(4096).removeprefix("gitdir:").strip()
    except OSError:
        return git_file
    return os.path.join(os.path.dirname(git_file), where)
