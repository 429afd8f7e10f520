"""Tests of bounds on a share that was counted in a sample."""

from __future__ import annotations

import pytest

from policy_engine.signals.caches.bounds import least_sample, lower_bound, upper_bound


@pytest.mark.parametrize(
    ("count", "total", "lower", "upper"),
    [
        # From tables of the Clopper-Pearson interval; 0 of n has the closed form 1 - 0.1 ** (1 / n).
        (0, 45, 0.0, 1 - 0.1 ** (1 / 45)),
        (1, 20, 1 - 0.9 ** (1 / 20), 0.181),
        (5, 10, 0.267, 0.733),
        (10, 10, 0.1 ** (1 / 10), 1.0),
        (0, 0, 0.0, 1.0),
        (100, 2_400, 0.0364, 0.0475),
    ],
)
def test_bounds_are_those_of_clopper_and_pearson(count: int, total: int, lower: float, upper: float) -> None:
    """Lower and upper bound at 90 %, one-sided, of a counted share."""
    assert (lower_bound(count, total), upper_bound(count, total)) == pytest.approx((lower, upper), abs=5e-4)


@pytest.mark.parametrize("share", [0.01, 0.02, 0.05, 0.5])
def test_a_sample_without_fault_is_just_large_enough(share: float) -> None:
    """So many without a fault show that the share is kept, and one fewer does not."""
    needed = least_sample(share)

    assert upper_bound(0, needed) <= share < upper_bound(0, needed - 1)
