"""Traffic decided by two versions of policies: lines of requests, files of them, or what a ledger has kept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.ledger.record import Record
from policy_engine.replay.moves import Moves
from policy_engine.replay.origin import Origin
from policy_engine.replay.pairs import Pair, Seen
from policy_engine.replay.pool import in_order
from policy_engine.replay.run import Complaint
from policy_engine.replay.slices import Slice, slices_of

STEP = 500
"""Lines after which a caller is told how far it has come."""

_TEXTS = ("message", "input", "conversation")


@dataclass(slots=True, kw_only=True)
class Traffic:
    """How far a comparison has come: what moved, lines that are no requests, and what was left out, by reason."""

    moves: Moves = field(default_factory=Moves)
    complaints: list[Complaint] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    size_bytes: int = 0

    def merge(self, after: Traffic) -> None:
        """Adds what came of the lines after these."""
        self.complaints += [replace(one, line=one.line + self.lines) for one in after.complaints]
        self.moves.merge(after.moves)
        self.left_out.update(after.left_out)
        self.lines += after.lines
        self.size_bytes += after.size_bytes

    def to_json(self) -> dict[str, Any]:
        """All of it, exactly, to be kept and read back."""
        return {
            "moves": self.moves.to_json(),
            "complaints": [[one.path, one.line, one.reason] for one in self.complaints],
            "left_out": dict(self.left_out),
            "lines": self.lines,
            "size_bytes": self.size_bytes,
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Traffic:
        """What `to_json` gave."""
        return cls(
            moves=Moves.from_json(written["moves"]),
            complaints=[Complaint(path=path, line=line, reason=reason) for path, line, reason in written["complaints"]],
            left_out=Counter(written["left_out"]),
            lines=written["lines"],
            size_bytes=written["size_bytes"],
        )


def compare_lines(lines: Iterable[tuple[str, int, bytes]], pair: Pair) -> Generator[Traffic, None, Traffic]:
    """Decides lines (file, number, bytes) by both versions, and gives the same traffic again as it grows."""
    traffic = Traffic()
    for path, number, line in lines:
        traffic.lines += 1
        traffic.size_bytes += len(line)
        if line.strip():
            try:
                see(json.loads(line), pair, traffic, name=str(number))
            except (ValueError, RecursionError) as problem:
                traffic.complaints.append(Complaint(path=path, line=number, reason=reason_of(problem)))
        if traffic.lines % STEP == 0:
            yield traffic
    return traffic


def compare_file(path: str, old: Origin, new: Origin, *, now: datetime, jobs: int) -> Generator[Traffic, None, Traffic]:
    """
    The same for a file of JSON Lines or Parquet, by several processes if that is wanted.

    Raises:
        PoliciesChanged: a folder holds others than were meant.
        MissingExtra: the file is Parquet, and duckdb is not installed.
        OSError, ValueError: the file cannot be read.
    """
    traffic = Traffic()
    for part in in_order(partial(_compare_slice, old, new, now), slices_of(path), jobs=jobs):
        traffic.merge(part)
        yield traffic
    return traffic


def compare_records(records: Iterable[Record], pair: Pair) -> Traffic:
    """
    Decides what a ledger has kept by both versions.

    A record whose text was not kept is left out where one of the versions reads texts: what it would decide, nobody
    can tell.
    """
    traffic = Traffic()
    reads_texts = any(_reads_texts(policy_set) for policy_set in (pair.old, pair.new))
    for record in records:
        if reads_texts and record.message is None and record.message_chars is not None:
            traffic.left_out["no text of it was kept, and the policies read texts"] += 1
            continue
        see(request_of(record), pair, traffic, name=record.request_id or record.id)
    return traffic


def see(written: Any, pair: Pair, traffic: Traffic, *, name: str) -> Seen:
    """
    What both versions say about one request, counted.

    Args:
        name: by what it is told, if it has no id.

    Raises:
        ValueError: it is no request.
    """
    if isinstance(written, dict):
        written.pop("outcomes", None)  # files of known outcomes are requests, too
    seen = pair.see(written, estimate=True)
    traffic.moves.add(seen, seen.before.id or name)
    return seen


def reason_of(problem: ValueError | RecursionError) -> str:
    """Why a text is no request, in words."""
    if isinstance(problem, json.JSONDecodeError):
        return f"not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}"
    return "nested too deep" if isinstance(problem, RecursionError) else str(problem)


def request_of(record: Record) -> dict[str, Any]:
    """The request that a record was made of, as far as it was kept."""
    tokens = {"message": record.message_tokens, "input": record.input_tokens}
    written: dict[str, Any] = {
        "id": record.request_id,
        "task": record.task,
        "input": record.message if record.message is not None or record.message_chars is None else "…",
        "attributes": dict(record.attributes),
        "session": record.session,
        "user": record.user,
        "tokens": {name: count for name, count in tokens.items() if count is not None},
        "at": datetime.fromtimestamp(record.at_us / 1e6, UTC).isoformat(),
        "signals": _nested(record.signals),
    }
    return {name: value for name, value in written.items() if value is not None}


def _compare_slice(old: Origin, new: Origin, now: datetime, piece: Slice) -> Traffic:
    pair = _pair(old, new, now)
    steps = compare_lines(((piece.path, number, line) for number, line in enumerate(piece.lines(), 1)), pair)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            traffic: Traffic = end.value
            return traffic


def _pair(old: Origin, new: Origin, now: datetime) -> Pair:
    return Pair(old.policies(), new.policies(), now=now)


def _reads_texts(policy_set: PolicySet) -> bool:
    bits = sum(policy_set.layout.bits[group] for group in _TEXTS)
    return any(rule.reads & bits for rule in policy_set.rules)


def _nested(signals: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for group, value in signals.items():
        section, _, name = group.partition(".")
        if value is None:
            continue
        if name:
            nested.setdefault(section, {})[name] = value
        else:
            nested[section] = value
    return nested
