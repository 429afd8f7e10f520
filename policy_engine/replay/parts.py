"""A file of rows made part by part, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from policy_engine.replay.pool import in_order
from policy_engine.replay.tables import Columns, Writer, join, writer_of

Item = TypeVar("Item")
Told: TypeAlias = dict[str, Any]
"""What making a part comes to beside its rows, as JSON can write it."""

_MANIFEST = "manifest.json"


class PartsDiffer(RuntimeError):
    """A run cannot go on: what is there was made from other requests or by other policies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where rows go: the file that is made in the end, Parquet or JSON Lines by its name."""

    path: Path

    @property
    def folder(self) -> Path:
        """Where parts are until then."""
        return self.path.with_name(f"{self.path.name}.parts")

    def part(self, number: int) -> Path:
        """The file of one part."""
        return self.folder / f"{number:06}{self.path.suffix}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Making(Generic[Item]):
    """
    How parts are made. It goes to other processes, so all in it can be pickled.

    Attributes:
        columns: those of the rows.
        make: writes the rows of one item, and gives what is told of them.
    """

    target: Target
    columns: Columns
    make: Callable[[Item, Writer], Told]

    def part(self, work: tuple[int, Item]) -> Told:
        """What is told of one part, made now or by an earlier run: it is whole if that is there, which comes last."""
        number, item = work
        file = self.target.part(number)
        known = file.with_suffix(".sum")
        with suppress(FileNotFoundError):
            return _read(known)
        with writer_of(file, self.columns) as writer:
            told = self.make(item, writer)
        beside = known.with_suffix(".new")
        beside.write_text(json.dumps(told), encoding="utf-8")
        beside.replace(known)
        return told


def make_parts(
    making: Making[Item], items: Sequence[Item], manifest: Mapping[str, Any], *, jobs: int, resume: bool
) -> Generator[Told, None, None]:
    """
    Makes a part for each item, gives what is told of each in order, and joins them in the end.

    Args:
        manifest: what the parts are made from and by; JSON.
        resume: go on with the parts of an earlier run, if there are any; else they are deleted.

    Raises:
        PartsDiffer: those parts have another manifest.
        MissingExtra: the file is Parquet, and pyarrow is not installed.
        OSError: a file cannot be read or written.
    """
    target = making.target
    _prepare(target, {**manifest, "parts": len(items)}, resume=resume)
    yield from in_order(making.part, list(enumerate(items)), jobs=jobs)
    whole = target.folder / f"whole{target.path.suffix}"
    join([target.part(number) for number in range(len(items))], whole, making.columns)
    whole.replace(target.path)  # appears whole or not at all
    shutil.rmtree(target.folder)


def manifest_of(target: Target) -> Told | None:
    """What an earlier run noted of its parts; None if there is none."""
    with suppress(FileNotFoundError):
        return _read(target.folder / _MANIFEST)
    return None


def files_noted(paths: Iterable[str]) -> list[Told]:
    """Files as a manifest notes them, so that a change of one shows."""
    told = [(os.path.abspath(path), os.stat(path)) for path in paths]
    return [{"path": path, "size": stat.st_size, "changed_ns": stat.st_mtime_ns} for path, stat in told]


def _prepare(target: Target, manifest: Told, *, resume: bool) -> None:
    known = manifest_of(target)
    if target.folder.exists() and known is None:
        raise PartsDiffer(f"`{target.folder}` is there and was not made by an earlier run; move it away")
    if known is not None and resume:
        if known != manifest:
            why = "was made from other requests or by other policies"
            raise PartsDiffer(f"`{target.folder}` {why}; leave out --resume to start again")
        return
    shutil.rmtree(target.folder, ignore_errors=True)
    target.folder.mkdir(parents=True)
    (target.folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def _read(path: Path) -> Told:
    read: Told = json.loads(path.read_text(encoding="utf-8"))
    return read
