"""Back-off: when a failed call is tried again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.model.call import Failure, FailureKind
from policy_engine.providers.retry import Backoff, retry_after_s

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def _failure(kind: FailureKind = FailureKind.SERVER, **more: object) -> Failure:
    return Failure(kind=kind, message="", elapsed_s=0.0, **more)


@pytest.mark.parametrize("kind", FailureKind)
def test_only_what_may_pass_is_tried_again(kind: FailureKind) -> None:
    """Connections, timeouts, rate limits and server errors are; what would fail again is not."""
    again = {FailureKind.CONNECTION, FailureKind.TIMEOUT, FailureKind.RATE_LIMIT, FailureKind.SERVER}

    delay_s = Backoff(uniform=lambda low, high: high).delay_s(_failure(kind), retry=0, left_s=None)

    assert delay_s == (0.5 if kind in again else None)


def test_the_wait_doubles_up_to_a_bound() -> None:
    """The longest wait is 0.5 s, 1 s, 2 s and so on, at most 8 s, and its number of retries ends it."""
    backoff = Backoff(retries=6, uniform=lambda low, high: high)

    delays_s = [backoff.delay_s(_failure(), retry=retry, left_s=None) for retry in range(7)]

    assert delays_s == [0.5, 1, 2, 4, 8, 8, None]


def test_what_may_be_billed_is_not_tried_again() -> None:
    """A call that may have been paid for is not paid for twice."""
    assert Backoff().delay_s(_failure(may_be_billed=True), retry=0, left_s=None) is None


def test_a_server_that_asks_for_too_much_patience_is_left() -> None:
    """A wait longer than the bound is not begun."""
    assert Backoff(patience_s=60).delay_s(_failure(retry_after_s=60.5), retry=0, left_s=None) is None


@given(st.floats(0, 100), st.floats(0, 100), st.integers(0, 3), st.floats(0, 1))
def test_no_retry_is_early_or_late(asked_s: float, left_s: float, retry: int, luck: float) -> None:
    """A wait is never shorter than asked for and never reaches the deadline."""
    backoff = Backoff(uniform=lambda low, high: low + (high - low) * luck)

    delay_s = backoff.delay_s(_failure(retry_after_s=asked_s), retry=retry, left_s=left_s)

    assert delay_s is None or asked_s <= delay_s < left_s


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 10:01:00 GMT"}, 60.0),
        ({"retry-after": "Mon, 23 Nov 2026 10:01:00 -0000"}, 60.0),
        ({"retry-after": "Mon, 23 Nov 2026 11:01:00 +0100"}, 60.0),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "9", "retry-after-ms": "250"}, 0.25),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates in any zone are read; nonsense asks for nothing."""
    assert retry_after_s(headers, NOW) == seconds
