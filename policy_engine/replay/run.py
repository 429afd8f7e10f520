"""A study carried out: files of outcomes read once, by one process or by several, and what came of them added up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from policy_engine.replay.origin import Origin
from policy_engine.replay.outcomes import Case, read_case
from policy_engine.replay.pool import in_order
from policy_engine.replay.replayer import Replayed
from policy_engine.replay.sequence import shared_key
from policy_engine.replay.shares import Line, Share, lines_of, shares_of
from policy_engine.replay.study import Count, Entrant, Study

STEP = 500
"""Lines after which a caller is told how far it has come."""

Came: TypeAlias = tuple[Case, tuple[Replayed, ...]]
"""A case, and what each contender did with it."""

Tell: TypeAlias = Callable[[Came | str], None]
"""Told what came of a line, or why it is no case."""


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

    def complain(self, path: str, line: int, reason: str) -> None:
        """Notes a line that is no case."""
        self.complaints.append(Complaint(path=path, line=line, reason=reason))

    def to_json(self) -> dict[str, Any]:
        """All of it, exactly, to be kept and read back."""
        return {
            "count": self.count.to_json(),
            "complaints": [[one.path, one.line, one.reason] for one in self.complaints],
            "lines": self.lines,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Stage:
        """What `to_json` gave."""
        return cls(
            count=Count.from_json(written["count"]),
            complaints=[Complaint(path=path, line=line, reason=reason) for path, line, reason in written["complaints"]],
            lines=written["lines"],
            size_bytes=written["size_bytes"],
        )


def study_lines(
    lines: Iterable[Line], contenders: Sequence[Contender], *, now: datetime, told: Tell | None = None
) -> Generator[Stage, None, Stage]:
    """
    Replays lines (file, number, bytes) here and in order, and gives the same stage again and again as it grows.

    Args:
        told: is told each case with what every contender did, or why a line is no case.

    Raises:
        PoliciesChanged: a folder holds others than were meant.
    """
    study, stage = Study([one.entrant() for one in contenders], now=now), Stage()
    stage.count = study.count
    for path, number, line in lines:
        stage.lines += 1
        stage.size_bytes += len(line)
        if line.strip():
            came = replay_text(line, study)
            if isinstance(came, str):
                stage.complain(path, number, came)
            if told is not None:
                told(came)
        if stage.lines % STEP == 0:
            yield stage
    return stage


def replay_text(text: str | bytes, study: Study) -> Came | str:
    """A case that is written as JSON, replayed and counted; in words why it is none, and then nothing is counted."""
    try:
        case = read_case(text.decode("utf-8") if isinstance(text, bytes) else text)
        return case, study.add(case)
    except json.JSONDecodeError as problem:
        return f"not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}"
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "nested too deep"
    except ValueError as problem:
        return str(problem)


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
        (share,) = shares_of(paths, None, shares=1)
        return (yield from study_lines(lines_of(share.slices), contenders, now=now))
    shares = shares_of(paths, key, shares=jobs)
    parts = in_order(partial(study_share, contenders, now), shares, jobs=jobs)
    return (yield from gathered(paths, shares, parts))


def study_share(contenders: Sequence[Contender], now: datetime, share: Share, told: Tell | None = None) -> Stage:
    """What comes of one share."""
    lines = share.lines(contenders[0].origin.policies())
    steps = study_lines(lines, contenders, now=now, told=told)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            stage: Stage = end.value
            return stage


def gathered(paths: Sequence[str], shares: Sequence[Share], parts: Iterable[Stage]) -> Generator[Stage, None, Stage]:
    """The stages of all shares added up: the same stage again and again as it grows."""
    stage, lines_before = Stage(), Counter[str]()
    for share, part in zip(shares, parts, strict=True):
        for complaint in part.complaints:
            stage.complaints.append(replace(complaint, line=complaint.line + lines_before[complaint.path]))
        if not share.key:
            lines_before[share.slices[0].path] += part.lines
        stage.count.merge(part.count)
        stage.lines += part.lines
        stage.size_bytes += part.size_bytes
        yield stage
    stage.complaints.sort(key=lambda one: (paths.index(one.path), one.line))
    return stage
