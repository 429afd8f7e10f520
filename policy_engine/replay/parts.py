"""A file of decisions made part by part, so that a run that was interrupted goes on where it stopped."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from policy_engine.errors import MissingExtra
from policy_engine.replay.mapper import BATCH_ROWS, COLUMNS, Decider, arrow_schema, batch_of
from policy_engine.replay.origin import Origin
from policy_engine.replay.pool import in_order
from policy_engine.replay.slices import Slice, batched, slices_of
from policy_engine.replay.traffic import Traffic
from policy_engine.signals.live import sources_for

_MANIFEST = "manifest.json"


class PartsDiffer(RuntimeError):
    """A run cannot go on: what is there was made from other requests or by other policies."""


@dataclass(slots=True, kw_only=True)
class Part:
    """What one slice came to: where requests went, how many lines were no requests, and the first of those."""

    traffic: Traffic = field(default_factory=Traffic)
    requests: int = 0
    problems: int = 0
    first_problem: str | None = None
    size: int = 0

    def to_json(self) -> dict[str, Any]:
        """The sum, to be kept beside the part."""
        named = {name: getattr(self, name) for name in ("requests", "problems", "first_problem", "size")}
        return {**named, "traffic": self.traffic.to_json()}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Part:
        """What `to_json` gave."""
        return cls(**{**written, "traffic": Traffic.from_json(written["traffic"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where decisions go: the file that is made in the end, Parquet or JSON Lines by its name."""

    path: Path

    @property
    def folder(self) -> Path:
        """Where parts are until then."""
        return self.path.with_name(f"{self.path.name}.parts")

    @property
    def is_parquet(self) -> bool:
        """Whether it is Parquet."""
        return self.path.suffix.lower() in (".parquet", ".pq")

    def part(self, number: int) -> Path:
        """The file of one part."""
        return self.folder / f"{number:06}{self.path.suffix}"


def decide_file(
    path: str, origin: Origin, target: Target, *, jobs: int, resume: bool, state: str | None = None
) -> Generator[Part, None, None]:
    """
    Decides a file of requests into a file of decisions, a row for each line in their order, and gives each part's sum.

    Memory holds a batch for each process, whatever the size of the files.

    Args:
        resume: go on with the parts of an earlier run, if there are any; else they are deleted.
        state: the address of a state that is read for budgets, sessions and the like. Nothing is written to it, so no
            request changes what is decided about another, in whatever order.

    Raises:
        PartsDiffer: those parts were made from other requests or by other policies.
        PoliciesChanged: the folder holds others than were meant.
        MissingExtra: a file is Parquet, and duckdb or pyarrow is not installed.
        OSError, ValueError: a file cannot be read or written.
    """
    slices = slices_of(path)
    _prepare(target, _manifest(path, origin, slices, with_state=state is not None), resume=resume)
    work = [(number, piece) for number, piece in enumerate(slices)]
    yield from in_order(partial(_part, origin, target, state), work, jobs=jobs)
    _join(target, len(slices))


def _manifest(path: str, origin: Origin, slices: tuple[Slice, ...], *, with_state: bool) -> dict[str, Any]:
    told = os.stat(path)
    return {
        "requests": os.path.abspath(path),
        "size": told.st_size,
        "changed_ns": told.st_mtime_ns,
        "revision": origin.revision,
        "slices": len(slices),
        "with_state": with_state,
    }


def _prepare(target: Target, manifest: dict[str, Any], *, resume: bool) -> None:
    known = target.folder / _MANIFEST
    if target.folder.exists() and not known.exists():
        raise PartsDiffer(f"`{target.folder}` is there and was not made by an earlier run; move it away")
    if known.exists() and resume:
        if json.loads(known.read_text(encoding="utf-8")) != manifest:
            why = "was made from other requests or by other policies"
            raise PartsDiffer(f"`{target.folder}` {why}; leave out --resume to start again")
        return
    shutil.rmtree(target.folder, ignore_errors=True)
    target.folder.mkdir(parents=True)
    known.write_text(json.dumps(manifest), encoding="utf-8")


def _part(origin: Origin, target: Target, state: str | None, work: tuple[int, Slice]) -> Part:
    """One part, made now or by an earlier run: it is whole if its sum is there, which is written last."""
    number, piece = work
    file = target.part(number)
    told = file.with_suffix(".sum")
    with suppress(FileNotFoundError):
        return Part.from_json(json.loads(told.read_text(encoding="utf-8")))
    policy_set = origin.policies()
    with sources_for(policy_set, state) as sources:
        part = _decided(Decider(policy_set, sources), target, piece, file)
    beside = told.with_suffix(".new")
    beside.write_text(json.dumps(part.to_json()), encoding="utf-8")
    beside.replace(told)
    return part


def _decided(decider: Decider, target: Target, piece: Slice, file: Path) -> Part:
    part = Part(size=piece.stop - piece.start)
    with _writer(target, file) as writer:
        lines = (line for line in piece.lines() if line.strip())
        for batch in batched(lines, BATCH_ROWS):
            rows = list(decider.rows(batch))
            part.requests += len(rows)
            if part.first_problem is None:
                part.first_problem = next((row[-1] for row in rows if row[-1] is not None), None)
            writer.write(rows)
    part.traffic, part.problems = decider.traffic, decider.problems
    return part


class _ParquetWriter:
    """Writes rows as Parquet."""

    def __init__(self, file: Path) -> None:
        self._writer = _parquet().ParquetWriter(file, arrow_schema(), compression="zstd")

    def __enter__(self) -> _ParquetWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, rows: list[tuple[Any, ...]]) -> None:
        """Writes some rows."""
        self._writer.write_batch(batch_of(rows))


class _LineWriter:
    """Writes rows as lines of JSON."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("w", encoding="utf-8")

    def __enter__(self) -> _LineWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, rows: list[tuple[Any, ...]]) -> None:
        """Writes some rows."""
        names = [name for name, _ in COLUMNS]
        self._file.writelines(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)


def _writer(target: Target, file: Path) -> _ParquetWriter | _LineWriter:
    return _ParquetWriter(file) if target.is_parquet else _LineWriter(file)


def _join(target: Target, parts: int) -> None:
    """All parts in one file, which appears whole or not at all; the parts are deleted."""
    files = [target.part(number) for number in range(parts)]
    whole = target.folder / f"whole{target.path.suffix}"
    if target.is_parquet:
        with _parquet().ParquetWriter(whole, arrow_schema(), compression="zstd") as writer:
            for batch in _batches(files):
                writer.write_batch(batch)
    else:
        with whole.open("wb") as out:
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, out)
    whole.replace(target.path)
    shutil.rmtree(target.folder)


def _batches(files: list[Path]) -> Iterator[Any]:
    for file in files:
        with _parquet().ParquetFile(file) as opened:
            yield from opened.iter_batches(batch_size=100_000)


def _parquet() -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingExtra("writing Parquet", "parquet") from error
