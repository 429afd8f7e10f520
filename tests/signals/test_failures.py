"""Tests of failure rates and of leaving failing models alone."""

from __future__ import annotations

import pytest

from policy_engine.model.call import Failure, FailureKind
from policy_engine.signals.failures import COOL_S, MAX_COOL_S, Failures


def failed(kind: FailureKind = FailureKind.SERVER, retry_after_s: float | None = None) -> Failure:
    """A failure of some kind."""
    return Failure(kind=kind, message="it failed", elapsed_s=0.1, retry_after_s=retry_after_s)


def seen(*results: Failure | None) -> Failures:
    """What a model's calls came to, one a second from 0 on."""
    failures = Failures()
    for now_s, result in enumerate(results):
        failures.record("mini", result, now_s=now_s)
    return failures


def test_the_rate_is_the_share_of_calls_that_failed() -> None:
    """Of the calls in the last five minutes; 0 without calls, and models do not mix."""
    failures = seen(failed(), None, None, None)

    assert failures.read("mini", now_s=3) == {"rate": 0.25}
    assert failures.read("mini", now_s=300) == {"rate": 0.0}
    assert failures.read("mini", now_s=1_000) == {"rate": 0.0}
    assert failures.read("opus", now_s=3) == {"rate": 0.0}


@pytest.mark.parametrize("kind", [FailureKind.REQUEST, FailureKind.CONTEXT_OVERFLOW])
def test_a_bad_request_says_nothing_about_a_model(kind: FailureKind) -> None:
    """What is the caller's own fault counts neither as an answer nor as a failure."""
    failures = seen(failed(), failed(kind), failed(kind), failed(kind), None)

    assert (failures.read("mini", now_s=4), failures.cooling_s("mini", now_s=4)) == ({"rate": 0.5}, 0.0)


def test_a_model_is_left_alone_after_three_failures_in_a_row() -> None:
    """Two failures are bad luck, an answer between them begins the row anew, the third in a row starts a pause."""
    assert seen(failed(), failed(), None, failed(), failed()).cooling_s("mini", now_s=4) == 0.0

    failures = seen(failed(), failed(), failed())

    assert failures.cooling_s("mini", now_s=2) == COOL_S
    assert failures.cooling_s("mini", now_s=2 + COOL_S) == 0.0
    assert failures.cooling_s("opus", now_s=2) == 0.0


def test_the_next_call_after_a_pause_is_a_trial() -> None:
    """If it fails the pause begins anew; an answer ends everything."""
    failures = seen(failed(), failed(), failed())
    failures.record("mini", failed(), now_s=50)
    again = failures.cooling_s("mini", now_s=50)
    failures.record("mini", None, now_s=51)

    assert (again, failures.cooling_s("mini", now_s=51)) == (COOL_S, 0.0)


@pytest.mark.parametrize(("asked_s", "cooling_s"), [(7.0, 7.0), (None, 0.0), (86_400.0, MAX_COOL_S)])
def test_a_provider_that_says_when_to_come_back_is_heeded(asked_s: float | None, cooling_s: float) -> None:
    """One rate limit with a time to wait is enough for a pause, up to five minutes."""
    failures = seen(failed(FailureKind.RATE_LIMIT, asked_s))

    assert failures.cooling_s("mini", now_s=0) == cooling_s
