"""Writing the ledger: entries go into a bounded backlog, and a thread writes them in batches, off the request path."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TypeAlias

from policy_engine.errors import StateError
from policy_engine.ledger.backlog import Backlog
from policy_engine.ledger.describe import calls_of, record_of
from policy_engine.ledger.entry import Handed, ShadowEntry
from policy_engine.ledger.privacy import Log
from policy_engine.ledger.record import Call, Record
from policy_engine.ledger.retention import Retention, prune
from policy_engine.ledger.schema import MIGRATIONS, add_calls, add_record, add_shadow
from policy_engine.model.events import Emit, LedgerFailed, LedgerRecovered, harmless
from policy_engine.state.database import Database
from policy_engine.state.process import PerProcess

_PRUNE_EVERY_S = 3600.0
# What is wrong with one record, and not with the file.
_ITS_OWN_FAULT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is kept: how long, how much of texts where no rule says, and which paths are masked (see `privacy`)."""

    retention: Retention = field(default_factory=Retention)
    log: Log = Log.HASH
    masks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """
    How the backlog is worked off.

    Attributes:
        capacity: the most entries that wait; beyond it, new ones are dropped.
        batch: the most entries of one transaction.
        linger_s: how long to wait for a batch to fill.
        retry_s: how long to wait after a failure.
    """

    capacity: int = 10_000
    batch: int = 500
    linger_s: float = 0.05
    retry_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStatus:
    """How writing goes in this process: counts since it began, and why it fails at present (else None)."""

    waiting: int
    written: int
    dropped: int
    error: str | None


class Writer:
    """
    Writes a ledger. Safe under threads and fork; several processes may write to one file.

    A full disk or a locked file never shows in `record`: it is told as an event, the batch is tried again until it
    is written, and what the backlog has no room for meanwhile is dropped and counted. A killed process loses what is
    in its backlog, usually less than a batch.

    Args:
        path: the SQLite file, made if it is not there.
        keeping, pace: what is kept and how fast.
        on_event: told of failures and recoveries, in the writing thread.
        clock: the present moment, Unix seconds, for retention.
        busy_timeout_s: how long to wait for other processes before it counts as a failure.
        prepare: given each new connection, to set it up.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        keeping: Keeping | None = None,
        pace: Pace | None = None,
        on_event: Emit | None = None,
        clock: Callable[[], float] = time.time,
        busy_timeout_s: float = 5.0,
        prepare: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        keeping, pace, emit = keeping or Keeping(), pace or Pace(), harmless(on_event)
        database = Database(path, MIGRATIONS, busy_timeout_s=busy_timeout_s, prepare=prepare)
        self._worker = PerProcess(lambda: _Worker(database, keeping=keeping, pace=pace, emit=emit, clock=clock))
        # Only the workers are known to the thread, so that a writer that is let go of is closed.
        self._finish = weakref.finalize(self, _close, self._worker, 2.0)

    def record(self, handed: Handed) -> bool:
        """
        Hands in an entry or a shadow's result. Neither blocks nor fails; tells whether there was room for it.

        What is handed in must not be changed afterwards.
        """
        return self._worker.get().hand_in(handed)

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Blocks until all that was handed in here is written, or the time is over; tells which."""
        worker = self._worker.made()
        return worker is None or worker.backlog.drain(timeout_s)

    def status(self) -> WriterStatus:
        """How writing goes in this process."""
        worker = self._worker.made()
        if worker is None:
            return WriterStatus(waiting=0, written=0, dropped=0, error=None)
        backlog = worker.backlog
        return WriterStatus(waiting=len(backlog), written=worker.written, dropped=backlog.dropped, error=worker.failing)

    def close(self, timeout_s: float = 5.0) -> bool:
        """
        Writes what waits and ends; tells whether all of it was written within the time. The rest is dropped.

        Afterwards everything handed in is dropped. Closing twice is fine.
        """
        self._finish.detach()
        return _close(self._worker, timeout_s)


class _Worker:
    """The backlog of one process and the thread that works it off."""

    def __init__(
        self, database: Database, *, keeping: Keeping, pace: Pace, emit: Emit, clock: Callable[[], float]
    ) -> None:
        self.backlog = Backlog(capacity=pace.capacity, batch=pace.batch, linger_s=pace.linger_s)
        self.written = 0
        self.failing: str | None = None
        self._database = database
        self._keeping = keeping
        self._retry_s = pace.retry_s
        self._emit = emit
        self._clock = clock
        self._told = 0  # how many were dropped when it was last told
        self._pruned_s: float | None = None
        self._thread = Thread(target=self._run, name="policy_engine-ledger", daemon=True)
        self._starting = Lock()
        self._is_started = False

    def hand_in(self, handed: Handed) -> bool:
        accepted = self.backlog.put(handed)
        if accepted and not self._is_started:
            self._start()
        return accepted

    def close(self, timeout_s: float) -> bool:
        self.backlog.close()
        if self._is_started:
            self._thread.join(timeout_s)
        lost = self.backlog.abandon()
        if lost:
            self._tell(self.failing or "closing took too long")
        if not self._thread.is_alive():
            self._database.close()
        return not lost

    def _start(self) -> None:
        with self._starting:
            if not self._is_started:
                self._thread.start()
                self._is_started = True

    def _run(self) -> None:
        while handed := self.backlog.take():
            rows = tuple(self._described(handed))
            while not self._wrote(rows):
                if self.backlog.is_closed:
                    return  # the batch counts as waiting, and whoever closes drops it
                self.backlog.pause(self._retry_s)
            self.backlog.done()
            if self.backlog.dropped > self._told:
                self._tell("more came in than could be written")
            self._prune()

    def _described(self, handed: Iterable[Handed]) -> Iterator[_Row]:
        for one in handed:
            try:
                yield _row(one, self._keeping)
            except Exception as error:  # noqa: BLE001  what cannot be described must not hold up the rest
                self._lose(_words(error))

    def _wrote(self, rows: tuple[_Row, ...]) -> bool:
        """Whether the rows are in the file, or cannot be for a reason of their own."""
        try:
            self._write(rows)
        except StateError as error:
            if not isinstance(error.__cause__, _ITS_OWN_FAULT):
                self._fail(error.reason)
                return False
            return self._wrote_singly(rows, error.reason)
        except Exception as error:  # noqa: BLE001  the thread must live on, whatever is wrong with a record
            return self._wrote_singly(rows, _words(error))
        self._recover()
        return True

    def _wrote_singly(self, rows: tuple[_Row, ...], reason: str) -> bool:
        if len(rows) > 1:
            return all(self._wrote((row,)) for row in rows)
        self._lose(reason)
        return True

    def _write(self, rows: tuple[_Row, ...]) -> None:
        with self._database.writing() as connection:
            for row in rows:
                if isinstance(row, Record):
                    add_record(connection, row)
                else:
                    add_shadow(connection, row.entry.id, round(row.entry.at_s * 1e6), row.entry.result)
                    add_calls(connection, row.entry.id, row.calls)
        self.written += len(rows)

    def _prune(self) -> None:
        now_s = self._clock()
        if self._pruned_s is not None and now_s < self._pruned_s + _PRUNE_EVERY_S:
            return
        self._pruned_s = now_s
        try:
            prune(self._database, self._keeping.retention, now_s=now_s)
        except StateError as error:
            self._fail(error.reason)

    def _fail(self, reason: str) -> None:
        if self.failing is None:
            self._tell(reason)
        self.failing = reason

    def _recover(self) -> None:
        if self.failing is not None:
            self.failing = None
            self._told = self.backlog.dropped
            self._emit(LedgerRecovered(dropped=self._told))

    def _lose(self, reason: str) -> None:
        self.backlog.lose(1)
        self._tell(reason)

    def _tell(self, reason: str) -> None:
        self._told = self.backlog.dropped
        self._emit(LedgerFailed(reason=reason, dropped=self._told))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shadow:
    entry: ShadowEntry
    calls: tuple[Call, ...]


_Row: TypeAlias = Record | _Shadow


def _row(handed: Handed, keeping: Keeping) -> _Row:
    if isinstance(handed, ShadowEntry):
        return _Shadow(entry=handed, calls=calls_of(handed.calls, Log.HASH))
    return record_of(handed, masks=keeping.masks, log=keeping.log)


def _words(error: Exception) -> str:
    # Its text may quote a request.
    return f"a record could not be made: `{type(error).__name__}`"


def _close(worker: PerProcess[_Worker], timeout_s: float) -> bool:
    made = worker.made()
    return made is None or made.close(timeout_s)
