"""When a failed call is tried again: exponential back-off with full jitter, never before `retry-after` says."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from policy_engine.model.call import Failure, FailureKind

_WORTH_TRYING = frozenset((FailureKind.CONNECTION, FailureKind.TIMEOUT, FailureKind.RATE_LIMIT, FailureKind.SERVER))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """
    How often a call is tried again and how long is waited before.

    Attributes:
        retries: tries after the first.
        first_s, most_s: the longest wait before the first retry, doubled each time, up to the second.
        patience_s: a server that asks for a longer wait is not waited for.
        uniform: a number between its two arguments, at random (full jitter, after Brooker, "Exponential Backoff And
            Jitter", AWS 2015).
    """

    retries: int = 2
    first_s: float = 0.5
    most_s: float = 8.0
    patience_s: float = 60.0
    uniform: Callable[[float, float], float] = random.uniform

    def delay_s(self, failure: Failure, *, retry: int, left_s: float | None) -> float | None:
        """
        How long to wait before the `retry`-th retry (from 0); None if there should be none.

        A call that may have been billed is not made again, since it would be paid twice; nor one that could not begin
        before the deadline, `left_s` from now.
        """
        if retry >= self.retries or failure.may_be_billed or failure.kind not in _WORTH_TRYING:
            return None
        asked_s = failure.retry_after_s or 0.0
        if asked_s > self.patience_s:
            return None
        delay_s = asked_s + self.uniform(0.0, min(self.most_s, self.first_s * 2**retry))
        return None if left_s is not None and delay_s >= left_s else delay_s


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """What `retry-after-ms` or `retry-after` (seconds, or a date) asks for, seconds from `now`; None if nothing."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    written = headers.get("retry-after")
    seconds = _number(written)
    return _until(written, now) if seconds is None and written else seconds


def _number(written: str | None) -> float | None:
    try:
        number = float(written or "")
    except ValueError:
        return None
    return max(0.0, number) if abs(number) != float("inf") and number == number else None


def _until(written: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(written)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
