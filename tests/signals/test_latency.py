"""Tests of measured latencies."""

from __future__ import annotations

import pytest

from policy_engine.model.facts import UNKNOWN
from policy_engine.signals.latency import Latencies, nearest_rank


def test_the_quantiles_are_those_of_the_last_five_minutes() -> None:
    """Half and 95 of 100 calls are at most as long as p50 and p95; older calls do not count."""
    latencies = Latencies()
    latencies.record("mini", 99.0, now_s=0)
    for length in reversed(range(1, 101)):
        latencies.record("mini", float(length), now_s=1)

    assert latencies.read("mini", now_s=300) == {"p50": 50.0, "p95": 95.0}


def test_what_was_not_measured_is_unknown() -> None:
    """A model without calls in the window has no latency, and models do not mix."""
    latencies = Latencies()
    latencies.record("mini", 1.0, now_s=0)

    assert latencies.read("mini", now_s=299) == {"p50": 1.0, "p95": 1.0}
    assert latencies.read("mini", now_s=300) is UNKNOWN
    assert latencies.read("opus", now_s=0) is UNKNOWN


def test_only_so_many_calls_are_remembered() -> None:
    """With more calls than fit, the newest count."""
    latencies = Latencies(max_samples=2)
    for length in (9.0, 1.0, 2.0):
        latencies.record("mini", length, now_s=0)

    assert latencies.read("mini", now_s=0) == {"p50": 1.0, "p95": 2.0}


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.25, 1.0), (0.26, 2.0), (0.5, 2.0), (0.95, 4.0), (1.0, 4.0)]
)
def test_nearest_rank(share: float, value: float) -> None:
    """The smallest value that at least this share of the values does not pass."""
    assert nearest_rank((1.0, 2.0, 3.0, 4.0), share) == value
