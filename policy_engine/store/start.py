"""The first policies of a process: those of the folder, or else the last known good ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from policy_engine.errors import BundleError
from policy_engine.model.events import Event, LastGoodServed, ReloadSucceeded
from policy_engine.pipeline import BuildResult
from policy_engine.store.attempt import Attempt, Builder
from policy_engine.store.gate import failing_tests
from policy_engine.store.last_good import LastGood
from policy_engine.store.record import Record, pending_of, snapshot_of
from policy_engine.store.snapshot import Snapshot, Source, Trouble


def first_record(
    builder: Builder, last_good: LastGood | None, *, clock: Callable[[], datetime]
) -> tuple[Record, list[Event]]:
    """
    What a new store knows, and what there is to tell. Blocks while the folder settles and is built.

    Raises:
        BundleError: the folder cannot be used or fails its own tests, and nothing was kept that could stand in.
    """
    began = time.perf_counter()
    attempt = builder.attempt(before=None, previous=None, pause=_sleep)
    assert attempt is not None  # this pause never gives up
    trouble = attempt.trouble or failing_tests(attempt.built, builder.folder)
    if trouble is not None:
        return _standing_in(builder, last_good, attempt, trouble, now=clock())
    live = snapshot_of(attempt.built, generation=1, digest=attempt.scan.digest, now=clock())
    record = Record(live=live, history=(live,), judged=attempt.scan, in_step=live.digest)
    return record, [succeeded(live, previous=None, began=began)]


def succeeded(live: Snapshot, *, previous: str | None, began: float) -> ReloadSucceeded:
    """The event that tells of new policies; `began` is when, by `time.perf_counter`."""
    report = live.result.report
    return ReloadSucceeded(
        revision=live.revision,
        generation=live.generation,
        previous=previous,
        files=report.files,
        rules=report.rules,
        took_ms=round((time.perf_counter() - began) * 1000, 1),
    )


def _standing_in(
    builder: Builder, last_good: LastGood | None, attempt: Attempt, trouble: Trouble, *, now: datetime
) -> tuple[Record, list[Event]]:
    result = None if last_good is None else _kept(builder, last_good)
    if result is None:
        raise trouble.error
    live = snapshot_of(result, generation=1, digest="", now=now, source=Source.LAST_GOOD)
    pending = pending_of(trouble, now=now)
    record = Record(live=live, history=(live,), pending=pending, judged=attempt.scan, in_step=live.digest)
    return record, [LastGoodServed(revision=live.revision, error=pending.reason)]


def _kept(builder: Builder, last_good: LastGood) -> BuildResult | None:
    """The build of what was kept, if that can be read and still builds."""
    try:
        with last_good.unpacked() as folder:
            result = None if folder is None else builder.build(folder)
    except (OSError, BundleError):
        return None
    return None if result is None or result.policy_set is None else result


def _sleep(seconds: float) -> bool:
    time.sleep(seconds)
    return False
