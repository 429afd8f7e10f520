"""
Which policies are live.

A store always has a snapshot that serves. A newer one is built whole and aside and published by one assignment;
whatever goes wrong on the way, the old one serves on and the store says what is pending and why.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from policy_engine.model.events import Emit, Event, LastGoodFailed, ReloadFailed, ReloadHeld, RolledBack, harmless
from policy_engine.model.facts import utc_now
from policy_engine.pipeline import BuildResult, build
from policy_engine.store.attempt import Attempt, Build, Builder
from policy_engine.store.fork import renew_after_fork
from policy_engine.store.gate import failing_tests, is_tested_alike
from policy_engine.store.guard import accident, fixed_change
from policy_engine.store.last_good import LastGood
from policy_engine.store.record import Record, pending_of, snapshot_of
from policy_engine.store.scan import FolderScan, Place
from policy_engine.store.settle import Patience
from policy_engine.store.snapshot import Hindrance, ReloadOutcome, Result, Snapshot, Source, Status, Trouble
from policy_engine.store.start import first_record, succeeded
from policy_engine.store.turns import faster_turns

Pause = Callable[[float], bool]


class Store:
    """
    The live policies of one folder. Loads them when made, which blocks for a moment.

    Args:
        folder: the policy folder, as people are shown it.
        env: the environment whose overlays apply.
        build: makes policies of a folder.
        last_good: where the last known good sources are kept; None keeps none.
        keep: how many snapshots the history keeps.
        on_event: told what happens, after it has happened.
        clock: the present moment.
        patience: how long to wait for the folder to hold still.

    Raises:
        BundleNotFound: there is no such folder, and no last known good.
        BundleInvalid: its policies have errors, and there is no last known good.
        PolicyTestsFailed: its own tests fail, and there is no last known good.
        BundleError: it never held still, and there is no last known good.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        env: str | None = None,
        build: Build = build,
        last_good: LastGood | None = None,
        keep: int = 10,
        on_event: Emit | None = None,
        clock: Callable[[], datetime] = utc_now,
        patience: Patience | None = None,
    ) -> None:
        self.folder = os.fspath(folder)
        self.env = env
        self._build = build
        self._patience = patience or Patience()
        self._last_good = last_good
        self._keep = keep
        self._emit = harmless(on_event)
        self._clock = clock
        self._new_locks()
        self._record, events = first_record(self._builder, last_good, clock=clock)
        self._current = self._record.live
        self._tell((*events, *self._saved(self._current)))
        renew_after_fork(self)

    @property
    def current(self) -> Snapshot:
        """The live snapshot. One attribute read; keep it for all that belongs to one request."""
        return self._current

    @property
    def history(self) -> tuple[Snapshot, ...]:
        """The last snapshots that were live, oldest first, the live one included."""
        return self._record.history

    @property
    def places(self) -> frozenset[Place]:
        """The folders in which a change could matter, as of the last look."""
        return self._builder.scanner.places

    def status(self) -> Status:
        """What is live, since when, and what is pending and why."""
        record = self._record
        live = record.live
        return Status(
            folder=self.folder,
            revision=live.revision,
            generation=live.generation,
            loaded_at=live.loaded_at,
            age_s=max(0.0, (self._clock() - live.loaded_at).total_seconds()),
            source=live.source,
            files=live.files,
            pending=record.pending,
        )

    def wait_for(self, predicate: Callable[[Store], bool], timeout_s: float) -> bool:
        """Blocks until the predicate holds or the time is over; tells which. Asked again after every change."""
        with self._changed:
            return self._changed.wait_for(lambda: predicate(self), timeout_s)

    def reload(self, *, force: bool = False) -> ReloadOutcome:
        """
        Makes what the folder holds live, if it can be. Blocks until that is done, one reload at a time.

        Args:
            force: take it even if it looks like an accident, or fails its own tests.
        """
        with self._turn, faster_turns():
            outcome, events = self._attempt(_sleep, force=force)
        self._tell(events)
        return outcome

    def check(self, pause: Pause, *, every_content: bool = False) -> ReloadOutcome | None:
        """
        The same for a watcher: does nothing where the folder has not changed since it was last judged.

        Args:
            pause: waits that many seconds while the folder settles; True means to give up.
            every_content: read every file, and try again what crashed.

        Returns:
            What it came to; None if there was nothing to do, or the pause said to give up.
        """
        with self._turn, faster_turns():
            scanner = self._builder.scanner
            scan = scanner.scan_every_content() if every_content else scanner.scan()
            if not self._is_news(scan, try_again=every_content):
                return None
            outcome, events = self._attempt(pause, force=False)
        self._tell(events)
        return outcome

    def rollback(self, revision: str | None = None) -> ReloadOutcome:
        """
        Makes an earlier snapshot live again; it stays until the folder changes once more or somebody reloads.

        Args:
            revision: which, or the beginning of it; None means the newest that is not the live one.

        Raises:
            ValueError: the history has no such revision.
        """
        with self._turn:
            record, now = self._record, self._clock()
            back = record.earlier(revision)
            number = record.live.generation + 1
            live = snapshot_of(back.result, generation=number, digest=back.digest, now=now, source=Source.ROLLBACK)
            record = record.rolled_back(live, keep=self._keep, now=now)
            event = RolledBack(revision=live.revision, generation=number, previous=self._current.revision)
            self._publish(record)
            events = (event, *self._saved(live))
        self._tell(events)
        return ReloadOutcome(result=Result.PUBLISHED, snapshot=live, pending=record.pending)

    def renew(self) -> None:
        """For a forked child: new locks, as threads that are gone may have held the old ones."""
        self._new_locks()
        self._current = self._record.live

    def _new_locks(self) -> None:
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._builder = Builder(self.folder, self.env, build=self._build, patience=self._patience)

    def _is_news(self, scan: FolderScan, *, try_again: bool) -> bool:
        """Whether a look shows what was not judged yet; if it shows what is live, nothing is pending any more."""
        record = self._record
        if scan.digest == record.in_step:
            if record.pending is not None:
                self._publish(record.in_step_with(scan))
            return False
        hindrance = None if record.pending is None else record.pending.hindrance
        if hindrance is Hindrance.UNSETTLED or (try_again and hindrance is Hindrance.CRASHED):
            return True
        return scan.digest != record.judged.digest

    def _attempt(self, pause: Pause, *, force: bool) -> tuple[ReloadOutcome, Iterable[Event]]:
        began, record = time.perf_counter(), self._record
        attempt = self._builder.attempt(before=record.judged, previous=record.live.result, pause=pause)
        if attempt is None:
            return ReloadOutcome(result=Result.UNCHANGED, snapshot=record.live, pending=record.pending), ()
        if attempt.trouble is not None:
            return self._refuse(attempt.scan, attempt.trouble)
        trouble = self._objection(attempt.built, force=force)
        if trouble is not None:
            return self._refuse(attempt.scan, trouble)
        if attempt.built.report.revision == record.live.revision:
            self._publish(record.in_step_with(attempt.scan))
            return ReloadOutcome(result=Result.UNCHANGED, snapshot=record.live), ()
        return self._accept(attempt, began)

    def _objection(self, built: BuildResult, *, force: bool) -> Trouble | None:
        """What speaks against policies that could go live: a guard, or their own tests."""
        live = self._record.live.result
        if built.report.revision == live.report.revision and is_tested_alike(built, live):
            return None
        refusal = fixed_change(live, built) or (None if force else accident(live, built))
        if refusal is not None:
            return Trouble(hindrance=Hindrance.HELD, error=refusal)
        return None if force else failing_tests(built, self.folder)

    def _accept(self, attempt: Attempt, began: float) -> tuple[ReloadOutcome, Iterable[Event]]:
        record, scan = self._record, attempt.scan
        number = record.live.generation + 1
        live = snapshot_of(attempt.built, generation=number, digest=scan.digest, now=self._clock())
        self._publish(record.publishing(live, judged=scan, keep=self._keep))
        event = succeeded(live, previous=record.live.revision, began=began)
        return ReloadOutcome(result=Result.PUBLISHED, snapshot=live), (event, *self._saved(live))

    def _refuse(self, scan: FolderScan, trouble: Trouble) -> tuple[ReloadOutcome, Iterable[Event]]:
        record = self._record
        refused = record.refusing(pending_of(trouble, now=self._clock()), judged=scan)
        self._publish(refused)
        outcome = ReloadOutcome(result=Result.REFUSED, snapshot=record.live, pending=refused.pending)
        return outcome, _refusal(record, refused)

    def _publish(self, record: Record) -> None:
        with self._changed:
            self._record = record
            self._current = record.live  # INVARIANT: after the first, policies go live here and nowhere else
            self._changed.notify_all()

    def _saved(self, live: Snapshot) -> Iterable[Event]:
        """Keeps what is live as last known good; gives what there is to tell of that."""
        if self._last_good is None or live.source is Source.LAST_GOOD:
            return ()
        try:
            self._last_good.save(live.result.bundle)
        except OSError as error:
            return (LastGoodFailed(reason=f"could not be saved to `{self._last_good.path}`: {error}"),)
        return ()

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._emit(event)


def _refusal(before: Record, after: Record) -> Iterable[Event]:
    """What there is to tell of a refusal: nothing if it is the one that is known already."""
    pending, known = after.pending, before.pending
    if pending is None or (known is not None and known.reason == pending.reason):
        return ()
    serving = after.live.revision
    if pending.hindrance in (Hindrance.HELD, Hindrance.TESTS_FAILED):
        return (ReloadHeld(serving=serving, reason=pending.reason),)
    return (ReloadFailed(serving=serving, error=pending.reason),)


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
