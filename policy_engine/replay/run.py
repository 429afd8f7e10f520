"""A study carried out: files of outcomes read once, by one process or by several, and what came of them added up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from policy_engine.model.request import read_request
from policy_engine.replay.origin import Origin
from policy_engine.replay.outcomes import Case, read_case
from policy_engine.replay.pool import in_order
from policy_engine.replay.sequence import share_of, shared_key
from policy_engine.replay.slices import Slice, slices_of
from policy_engine.replay.study import Count, Entrant, Study

STEP = 500
"""Lines after which a caller is told how far it has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Where an entrant of a study comes from; `name` and `setting` as in `Entrant`."""

    origin: Origin
    name: str
    setting: str = ""

    def entrant(self) -> Entrant:
        """The entrant, built once in the life of a process."""
        return Entrant(name=self.name, policy_set=self.origin.policies(), setting=self.setting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A line that is no case: its file, its 1-based number, and why."""

    path: str
    line: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Stage:
    """How far a study has come: what was counted, which lines are no cases, and how many lines there were."""

    count: Count = field(default_factory=Count)
    complaints: list[Complaint] = field(default_factory=list)
    lines: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """The cases of one of several processes: those of one slice, or those of one key of all slices."""

    slices: tuple[Slice, ...]
    number: int = 0
    shares: int = 1
    key: tuple[str, ...] = ()


def study_lines(
    lines: Iterable[tuple[str, int, bytes]], contenders: Sequence[Contender], *, now: datetime
) -> Generator[Stage, None, Stage]:
    """
    Replays lines (file, number, bytes) here and in order, and gives the same stage again and again as it grows.

    Raises:
        PoliciesChanged: a folder holds others than were meant.
    """
    study, stage = Study([one.entrant() for one in contenders], now=now), Stage()
    stage.count = study.count
    for path, number, line in lines:
        stage.lines += 1
        stage.size_bytes += len(line)
        if line.strip():
            case = _case(path, number, line, stage)
            if case is not None:
                _add(study, case, path, number, stage)
        if stage.lines % STEP == 0:
            yield stage
    return stage


def study_files(
    paths: Sequence[str], contenders: Sequence[Contender], *, now: datetime, jobs: int
) -> Generator[Stage, None, Stage]:
    """
    Replays files, and gives the same stage again and again as it grows.

    Several processes share the cases so that what policies count together stays together and in order; where all
    requests are counted together there is one process.

    Raises:
        PoliciesChanged: a folder holds others than were meant.
        MissingExtra: a file is Parquet, and duckdb is not installed.
        OSError, ValueError: a file cannot be read.
    """
    key = shared_key(one.origin.policies() for one in contenders)
    if jobs == 1 or key is None:
        return (yield from study_lines(_all_lines(paths), contenders, now=now))
    stage, shares = Stage(), tuple(_shares(paths, key, jobs))
    results = in_order(partial(_study_share, contenders, now), shares, jobs=jobs)
    lines_before: Counter[str] = Counter()
    for share, part in zip(shares, results, strict=True):
        for complaint in part.complaints:
            stage.complaints.append(replace(complaint, line=complaint.line + lines_before[complaint.path]))
        if not key:
            lines_before[share.slices[0].path] += part.lines
        stage.count.merge(part.count)
        stage.lines += part.lines
        stage.size_bytes += part.size_bytes
        yield stage
    stage.complaints.sort(key=lambda one: (paths.index(one.path), one.line))
    return stage


def _shares(paths: Sequence[str], key: tuple[str, ...], jobs: int) -> Iterator[_Share]:
    slices = tuple(piece for path in paths for piece in slices_of(path))
    if key:
        return (_Share(slices=slices, number=number, shares=jobs, key=key) for number in range(jobs))
    return (_Share(slices=(piece,)) for piece in slices)


def _study_share(contenders: Sequence[Contender], now: datetime, share: _Share) -> Stage:
    lines = _lines_of(share.slices)
    if share.key:
        lines = _dealt(lines, share, contenders[0])
    steps = study_lines(lines, contenders, now=now)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            stage: Stage = end.value
            return stage


def _dealt(
    lines: Iterable[tuple[str, int, bytes]], share: _Share, contender: Contender
) -> Iterator[tuple[str, int, bytes]]:
    """The lines of this share; those that are no requests are the first share's."""
    policy_set = contender.origin.policies()
    for path, number, line in lines:
        try:
            written = json.loads(line)
            written.pop("outcomes", None)
            request = read_request(written, attributes=policy_set.declarations.attributes)
            place = share_of(request, share.key, policy_set, share.shares)
        except (ValueError, AttributeError, RecursionError):
            place = 0
        if place == share.number:
            yield path, number, line


def _all_lines(paths: Iterable[str]) -> Iterator[tuple[str, int, bytes]]:
    for path in paths:
        yield from _lines_of(slices_of(path))


def _lines_of(slices: Iterable[Slice]) -> Iterator[tuple[str, int, bytes]]:
    """Lines with their numbers, counted from the first slice of their file that is given."""
    path, number = "", 0
    for piece in slices:
        if piece.path != path:
            path, number = piece.path, 0
        for line in piece.lines():
            number += 1
            yield path, number, line


def _case(path: str, number: int, line: bytes, stage: Stage) -> Case | None:
    try:
        return read_case(line.decode("utf-8"))
    except json.JSONDecodeError as problem:
        reason = f"not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}"
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except RecursionError:
        reason = "nested too deep"
    except ValueError as problem:
        reason = str(problem)
    stage.complaints.append(Complaint(path=path, line=number, reason=reason))
    return None


def _add(study: Study, case: Case, path: str, number: int, stage: Stage) -> None:
    try:
        study.add(case)
    except ValueError as problem:
        stage.complaints.append(Complaint(path=path, line=number, reason=str(problem)))
