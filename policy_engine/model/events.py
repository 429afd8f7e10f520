"""What happened inside an engine, as values that a log, a metric or a test can take."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadSucceeded:
    """New policies are live in place of `previous`. `took_ms` is from the first look at the folder to live."""

    name: ClassVar[str] = "reload.succeeded"
    revision: str
    generation: int
    previous: str | None
    files: int
    rules: int
    took_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadFailed:
    """The folder cannot be used as it is; `serving` is still live. `error` has one line per finding, with its place."""

    name: ClassVar[str] = "reload.failed"
    serving: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloadHeld:
    """The folder could be used but looks like an accident, so `serving` is still live."""

    name: ClassVar[str] = "reload.held"
    serving: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """Earlier policies are live again, on request."""

    name: ClassVar[str] = "reload.rolled_back"
    revision: str
    generation: int
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGoodServed:
    """The folder could not be used at start, so the last policies that could are live."""

    name: ClassVar[str] = "last_good.served"
    revision: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGoodFailed:
    """The last known good policies could not be saved, or the saved ones not be used."""

    name: ClassVar[str] = "last_good.failed"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherRestarted:
    """Watching the folder had stopped working and was begun anew."""

    name: ClassVar[str] = "watcher.restarted"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatcherBlind:
    """The file system gives no events; the folder is looked at in short intervals instead."""

    name: ClassVar[str] = "watcher.blind"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalFailed:
    """
    A signal could not be learned and counts as unknown.

    `reason` never holds text of a request; `error` may, so it is for code that looks at it on purpose.
    """

    name: ClassVar[str] = "signal.failed"
    signal: str
    reason: str
    error: Exception | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFileFailed:
    """
    The file that keeps a cache ready for a restart could not be used, or not be written.

    Nothing is lost: the entries are in the state, and are read from there, which takes longer.
    """

    name: ClassVar[str] = "cache_file.failed"
    cache: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFailed:
    """
    The ledger could not be written as it should.

    What waits is tried again, up to a bound; `dropped` records are lost since the ledger was opened.
    """

    name: ClassVar[str] = "ledger.failed"
    reason: str
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecovered:
    """Records can be written again; `dropped` are lost since the ledger was opened."""

    name: ClassVar[str] = "ledger.recovered"
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFinished:
    """
    A request was carried out. Holds no text of it or of its answer, nor who sent it.

    Attributes:
        record: its name in the ledger, if there is one.
        task: None also if it is none that the policies declare.
        status: how it ended (`policy_engine.model.outcome.Status`).
        model, tier: who answered, or would have been the first to; None if no model was to be called.
        cost_usd: exact, as text; None if unknown.
        failures: of each call that failed its model and how, such as `mini: timeout`.
        uncounted: whether budgets or other counters could not be reached, so that something of it is not counted.
    """

    name: ClassVar[str] = "request.finished"
    record: str
    revision: str
    generation: int | None
    task: str | None
    rule: str | None
    effect: str
    status: str
    model: str | None
    tier: str | None
    calls: int
    escalations: int
    cost_usd: str | None
    elapsed_ms: float
    limit: str | None = None
    cache: str | None = None
    failures: tuple[str, ...] = ()
    uncounted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDropped:
    """
    A shadow was not asked, or not to its end; the caller has had the answer all the same.

    It is told the 1st, 2nd, 4th, 8th… time; `dropped` is how many it was by then, for that reason.
    """

    name: ClassVar[str] = "shadow.dropped"
    reason: str
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFailed:
    """Asking a shadow, or whoever takes its result, broke down. `error` may hold text of a request."""

    name: ClassVar[str] = "shadow.failed"
    reason: str
    error: Exception | None = field(default=None, repr=False, compare=False)


Event: TypeAlias = (
    ReloadSucceeded
    | ReloadFailed
    | ReloadHeld
    | RolledBack
    | LastGoodServed
    | LastGoodFailed
    | WatcherRestarted
    | WatcherBlind
    | SignalFailed
    | CacheFileFailed
    | LedgerFailed
    | LedgerRecovered
    | RequestFinished
    | ShadowDropped
    | ShadowFailed
)
Emit: TypeAlias = Callable[[Event], None]


def harmless(emit: Emit | None) -> Emit:
    """The same receiver of events, but what it raises goes to `sys.unraisablehook`; for None, one that does nothing."""
    if emit is None:
        return _ignore

    def emit_safely(event: Event) -> None:
        try:
            emit(event)
        except Exception as error:  # noqa: BLE001  somebody's hook must hurt neither a reload nor a request
            _report(error, emit)

    return emit_safely


def _ignore(event: Event) -> None:
    """Does nothing with an event."""


def _report(error: Exception, emit: Emit) -> None:
    sys.unraisablehook(
        SimpleNamespace(
            exc_type=type(error),
            exc_value=error,
            exc_traceback=error.__traceback__,
            err_msg="Exception ignored in a receiver of policy_engine events",
            object=emit,
        )
    )
