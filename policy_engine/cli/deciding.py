"""Many requests decided, in their order: chunk by chunk here, or spread over processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from itertools import islice
from pathlib import Path

from policy_engine.cli.intake import Line, Malformed, read_line
from policy_engine.cli.render.decisions import render_trace
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.style import PLAIN, Style
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import Learn, decide
from policy_engine.evaluator.estimate import estimate_default
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.replay.origin import PoliciesChanged
from policy_engine.replay.traffic import Row, Traffic, row_of
from policy_engine.signals.live import LiveSignals, pure_sources, sources_for
from policy_engine.state.open import open_state

CHUNK = 500
"""Lines that are decided in one go, and by one process."""

_AHEAD = 3
"""Chunks per process that wait to be decided or fetched, so that the input is never read far ahead."""


class Telling(Enum):
    """What is written about each single decision."""

    NOTHING = "nothing"
    JSON = "json"
    TRACE = "trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How to decide: what to tell, whether to trace, in which style; and how many rows of each chunk to keep."""

    telling: Telling = Telling.NOTHING
    trace: bool = False
    style: Style = PLAIN
    keep: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A line that is no request: where, and why."""

    line: int
    column: int | None
    reason: str


@dataclass(slots=True, kw_only=True)
class Chunk:
    """
    What came of some lines.

    `requests` counts those decided; `told` has a text per decided request, if any is wanted; `rows` as many as were to
    be kept; `size_bytes` counts the lines.
    """

    requests: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    rows: list[Row] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    Where a process of the pool finds the policies and the state, and which revision the policies must have.

    `state` is an address; None is for no state.
    """

    folder: Path
    env: str | None
    revision: str
    state: str | None = None


def decide_lines(
    lines: Iterable[Line], policy_set: PolicySet, how: How, learn: Learn | None = None
) -> Generator[Chunk, None, None]:
    """The chunks of all lines, decided here."""
    return (decide_chunk(chunk, policy_set, how, learn) for chunk in _chunks(lines))


def decide_in_processes(lines: Iterable[Line], source: Source, how: How, *, jobs: int) -> Generator[Chunk, None, None]:
    """
    The chunks of all lines, decided by `jobs` processes and given in order.

    Raises:
        PoliciesChanged: the folder has others now than when it was first read.
    """
    waiting: deque[Future[Chunk]] = deque()
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        try:
            for chunk in _chunks(lines):
                waiting.append(pool.submit(_decide_there, chunk, source, how))
                if len(waiting) >= jobs * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def decide_chunk(lines: Sequence[Line], policy_set: PolicySet, how: How, learn: Learn | None = None) -> Chunk:
    """
    What comes of some lines; one that is no request is a complaint and hinders no other.

    Args:
        learn: signals that requests do not supply.
    """
    chunk = Chunk(size_bytes=sum(len(line.content) for line in lines))
    attributes = policy_set.declarations.attributes
    tell = _TELL[how.telling]
    for line in lines:
        try:
            request = read_line(line, attributes)
        except Malformed as problem:
            chunk.complaints.append(Complaint(line=line.number, column=problem.column, reason=str(problem)))
            continue
        decision, row = decide_one(policy_set, request, trace=how.trace, learn=learn)
        chunk.requests += 1
        chunk.traffic.add(row)
        if len(chunk.rows) < how.keep:
            chunk.rows.append(row)
        if tell is not None:
            chunk.told.append(tell(decision, how.style))
    return chunk


def decide_one(
    policy_set: PolicySet, request: Request, *, trace: bool, learn: Learn | None = None
) -> tuple[Decision, Row]:
    """The decision about one request with its estimate, and its row."""
    decision = decide(policy_set, request, learn=learn, trace=trace, estimate=True)
    default_usd = estimate_default(Facts(request, policy_set.layout), policy_set)
    return decision, row_of(decision, task=request.task, default_usd=default_usd)


@contextmanager
def asking(policy_set: PolicySet, state: str | None) -> Iterator[Learn]:
    """
    What signals are learned by that requests do not supply: from a request alone, and from a state where one is named.

    Args:
        state: its address.
    """
    with sources_for(policy_set, state) as sources:
        yield sources.resolve


_TELL: dict[Telling, Callable[[Decision, Style], str] | None] = {
    Telling.NOTHING: None,
    Telling.JSON: lambda decision, _style: to_json(decision.to_json()),
    Telling.TRACE: lambda decision, style: render_trace(decision, style=style),
}


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    remaining = iter(lines)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _decide_there(lines: Sequence[Line], source: Source, how: How) -> Chunk:
    return decide_chunk(lines, _policies(source), how, _learn(source))


@lru_cache(maxsize=1)
def _learn(source: Source) -> Learn:
    """What signals are learned by in a process of the pool, as long as it lives."""
    policy_set = _policies(source)
    if source.state is None:
        return pure_sources(policy_set).resolve
    return LiveSignals(open_state(source.state)).of(policy_set).sources.resolve


@lru_cache(maxsize=1)
def _policies(source: Source) -> PolicySet:
    """The policies in a process of the pool, built once in its life."""
    policy_set = build(source.folder, env=source.env).policy_set
    if policy_set is None or policy_set.revision != source.revision:
        raise PoliciesChanged(f"the policies in `{source.folder}` changed while they were being read; try again")
    return policy_set
