"""Which files of a folder belong to its bundle, and what they hold."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import ModuleType
from typing import Final

from policy_engine.loader.faults import file_too_large, outside_folder, stray_overlay, unreadable_file

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""The largest policy file that is read."""

OVERLAYS: Final = "overlays"
"""The folder whose subfolders each hold what differs in one environment."""

_SUFFIXES = (".yaml", ".yml")
_TEST_SUFFIXES = ("_test.yaml", "_test.yml")
_LEFTOVER_STARTS = (".", "#", "~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something that kept a file from being read; `path` is relative to the folder."""

    path: str
    fault: ModuleType
    message: str
    help: str
    is_error: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """
    The files of a bundle, as paths relative to its folder, sorted, and what stood in the way.

    `tests` are the files of policy tests beside them. `environments` are the names of the folders below `overlays/`.
    """

    paths: tuple[str, ...]
    tests: tuple[str, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    environments: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    root: str
    env: str | None
    folders: set[str] = field(default_factory=set)
    found: list[tuple[str, str]] = field(default_factory=list)  # path, real path
    tests: list[tuple[str, str]] = field(default_factory=list)  # the same
    obstacles: list[Obstacle] = field(default_factory=list)
    environments: set[str] = field(default_factory=set)


def scan(root: str, env: str | None = None) -> Scan:
    """
    Lists the policy files below `root`, with those of `overlays/<env>/`.

    Symbolic links are followed inside the folder; one file that is reached by several paths counts once, at the first.
    """
    walk = _Walk(os.path.realpath(root), env)
    _walk_folder(walk, "")
    return Scan(
        paths=_each_once(walk.found),
        tests=_each_once(walk.tests),
        obstacles=tuple(sorted(walk.obstacles, key=lambda obstacle: obstacle.path)),
        environments=tuple(sorted(walk.environments)),
    )


def is_policy_name(name: str) -> bool:
    """Whether a file of this name holds policies: YAML, no test, no dot-file, nothing an editor left behind."""
    return name.endswith(_SUFFIXES) and not name.endswith(_TEST_SUFFIXES) and not name.startswith(_LEFTOVER_STARTS)


def is_test_name(name: str) -> bool:
    """Whether a file of this name holds policy tests."""
    return name.endswith(_TEST_SUFFIXES) and not name.startswith(_LEFTOVER_STARTS)


def is_overlay(path: str) -> bool:
    """Whether a file of the bundle belongs to an environment; `path` is relative to the folder."""
    return PurePosixPath(path).parts[0] == OVERLAYS


def read_file(root: str, path: str, *, max_bytes: int) -> bytes | Obstacle | None:
    """The content of one file of a bundle; None if it has vanished, an Obstacle if it cannot be read."""
    full = os.path.join(root, path)
    try:
        if not stat.S_ISREG(os.stat(full).st_mode):
            return _unreadable(path, "is not a regular file")
        with open(full, "rb") as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError:
        return _unreadable(path, "is a link that leads nowhere") if os.path.lexists(full) else None
    except OSError as error:
        return _unreadable(path, _reason(error))
    if len(content) > max_bytes:
        return _too_large(path, max_bytes)
    return content


def inside(root: str, real: str) -> bool:
    """Whether a real path is the real folder `root` or below it."""
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)


def _each_once(found: list[tuple[str, str]]) -> tuple[str, ...]:
    """The paths, sorted, of which several that lead to one file count once, at the first."""
    seen: dict[str, str] = {}
    for path, real in sorted(found):
        seen.setdefault(real, path)
    return tuple(sorted(seen.values()))


def _walk_folder(walk: _Walk, folder: str) -> None:
    real = os.path.realpath(os.path.join(walk.root, folder))
    if real in walk.folders:
        return
    walk.folders.add(real)
    try:
        with os.scandir(real) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        walk.obstacles.append(_unreadable(folder, _reason(error)))
        return
    for entry in entries:
        _take(walk, folder, entry)


def _take(walk: _Walk, folder: str, entry: os.DirEntry[str]) -> None:
    name, path = entry.name, f"{folder}/{entry.name}" if folder else entry.name
    if name.startswith("."):
        return
    if _is_folder(entry):
        if _is_ours(walk, folder, name) and _stays_inside(walk, path, entry):
            _walk_folder(walk, path)
        return
    if not (is_policy_name(name) or is_test_name(name)):
        return
    if folder == OVERLAYS:
        walk.obstacles.append(_stray(path))
    elif not name.isprintable() or not _is_unicode(name):
        walk.obstacles.append(_unreadable(_shown(path), "has a name that is not plain text"))
    elif _stays_inside(walk, path, entry):
        into = walk.tests if is_test_name(name) else walk.found
        into.append((path, os.path.realpath(os.path.join(walk.root, path))))


def _is_ours(walk: _Walk, folder: str, name: str) -> bool:
    """Whether to enter a folder: not another environment's."""
    if folder != OVERLAYS:
        return folder != "" or name != OVERLAYS or _note_environments(walk)
    return name == walk.env


def _note_environments(walk: _Walk) -> bool:
    try:
        names = os.listdir(os.path.join(walk.root, OVERLAYS))
    except OSError:
        return True
    walk.environments.update(
        name for name in names if not name.startswith(".") and os.path.isdir(os.path.join(walk.root, OVERLAYS, name))
    )
    return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _stays_inside(walk: _Walk, path: str, entry: os.DirEntry[str]) -> bool:
    if not entry.is_symlink() or inside(walk.root, os.path.realpath(os.path.join(walk.root, path))):
        return True
    walk.obstacles.append(
        Obstacle(
            path=path,
            fault=outside_folder,
            message=f"the link `{path}` leads out of the policy folder",
            help="put what it leads to into the folder",
        )
    )
    return False


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: str) -> str:
    return path.encode("utf-8", "replace").decode()


def _unreadable(path: str, reason: str) -> Obstacle:
    shown = f"`{path}`" if path else "the policy folder"
    help = "check where it leads and who may read it"
    return Obstacle(path=path, fault=unreadable_file, message=f"{shown} {reason}", help=help)


def _too_large(path: str, max_bytes: int) -> Obstacle:
    message = f"`{path}` is larger than {max_bytes // (1024 * 1024)} MiB"
    return Obstacle(
        path=path, fault=file_too_large, message=message, help="split it, or check that it is the right file"
    )


def _stray(path: str) -> Obstacle:
    name = PurePosixPath(path)
    return Obstacle(
        path=path,
        fault=stray_overlay,
        message=f"`{path}` belongs to no environment, so it is never read",
        help=f"move it into a folder named after the environment: `{OVERLAYS}/{name.stem}/{name.name}`",
        is_error=False,
    )


def _reason(error: OSError) -> str:
    return f"could not be read: {(error.strerror or str(error)).lower()}"
