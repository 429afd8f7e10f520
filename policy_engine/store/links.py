"""Where symbolic links can be changed: the folders that hold each link on the way to a path."""

from __future__ import annotations

import os

_MAX_HOPS = 40


class Links:
    """Follows paths link by link, each link read once; make a new one for each look at the file system."""

    def __init__(self) -> None:
        self._targets: dict[str, str | None] = {}

    def folders_on_the_way(self, path: str) -> set[str]:
        """The folders that hold a symbolic link which leads to the absolute `path`; not those of the path itself."""
        folders: set[str] = set()
        here, names, hops = os.sep, _names(path), 0
        while names and hops < _MAX_HOPS:
            name = names.pop()
            if name == os.pardir:
                here = os.path.dirname(here)
                continue
            target = self._target(os.path.join(here, name))
            if target is None:
                here = os.path.join(here, name)
                continue
            folders.add(here)
            hops += 1
            here = os.sep if os.path.isabs(target) else here
            names += _names(target)
        return folders

    def _target(self, path: str) -> str | None:
        if path not in self._targets:
            try:
                self._targets[path] = os.readlink(path)
            except OSError:
                self._targets[path] = None
        return self._targets[path]


def nearest_folder(path: str) -> str:
    """The path itself if it is a folder, else the nearest folder above it that is there."""
    while not os.path.isdir(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path


def _names(path: str) -> list[str]:
    """The path's names, last first."""
    return [name for name in reversed(path.split(os.sep)) if name not in ("", os.curdir)]
