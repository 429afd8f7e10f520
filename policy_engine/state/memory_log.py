"""Logs in memory: of one process, gone with it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from threading import Lock

from policy_engine.state.log import PAGE, Record
from policy_engine.state.process import PerProcess

_SWEEP_EVERY = 1_024


class MemoryLog:
    """A `Log` in memory. A forked child goes on with a copy of its own."""

    def __init__(self) -> None:
        self._lock = PerProcess(Lock)
        self._logs: dict[str, _Kept] = {}
        self._position = 0
        self._changes = 0

    def append(self, log: str, entry: str, value: bytes, *, now_s: float, until_s: float) -> int:
        """Adds an entry, in place of one of the same name, and gives its position."""
        with self._lock.get():
            self._sweep(now_s)
            kept = self._logs.setdefault(log, _Kept())
            return kept.put(self._record(entry, value, until_s)).position

    def remove(self, log: str, entries: Sequence[str], *, now_s: float) -> int:
        """Removes entries; gives how many of them were there."""
        with self._lock.get():
            kept = self._logs.get(log, _Kept())
            live = [entry for entry in dict.fromkeys(entries) if kept.has(entry, now_s)]
            for entry in live:
                kept.put(self._record(entry, None, kept.current[entry].until_s))
            return len(live)

    def since(self, log: str, position: int, *, now_s: float, limit: int = PAGE) -> tuple[Record, ...]:
        """The records after a position, in order, at most so many."""
        with self._lock.get():
            kept = self._logs.get(log)
            return () if kept is None else kept.after(position, limit, now_s)

    def names(self, prefix: str, *, now_s: float) -> tuple[str, ...]:
        """The logs that have entries and whose names begin like this, sorted."""
        with self._lock.get():
            named = [log for log, kept in self._logs.items() if log.startswith(prefix) and kept.is_live(now_s)]
        return tuple(sorted(named))

    def _record(self, entry: str, value: bytes | None, until_s: float) -> Record:
        self._position += 1
        return Record(position=self._position, entry=entry, value=value, until_s=until_s)

    def _sweep(self, now_s: float) -> None:
        """Now and then, frees what is over."""
        self._changes += 1
        if self._changes % _SWEEP_EVERY:
            return
        for log, kept in tuple(self._logs.items()):
            kept.compact(lambda record: record.until_s > now_s)
            if not kept.current:
                del self._logs[log]


class _Kept:
    """One log: its records in order, some of them replaced since, and the latest of each entry."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.current: dict[str, Record] = {}

    def put(self, record: Record) -> Record:
        self.current[record.entry] = record
        self.records.append(record)
        if len(self.records) > 2 * len(self.current) + _SWEEP_EVERY:
            self.compact(lambda _: True)
        return record

    def has(self, entry: str, now_s: float) -> bool:
        record = self.current.get(entry)
        return record is not None and record.value is not None and record.until_s > now_s

    def is_live(self, now_s: float) -> bool:
        return any(self.has(entry, now_s) for entry in self.current)

    def after(self, position: int, limit: int, now_s: float) -> tuple[Record, ...]:
        found: list[Record] = []
        at = bisect_right(self.records, position, key=lambda record: record.position)
        while at < len(self.records) and len(found) < limit:
            record = self.records[at]
            if self.current.get(record.entry) is record and record.until_s > now_s:
                found.append(record)
            at += 1
        return tuple(found)

    def compact(self, stays: Callable[[Record], bool]) -> None:
        self.records = [record for record in self.records if self.current.get(record.entry) is record and stays(record)]
        self.current = {record.entry: record for record in self.records}
