"""Quality against calls of the strong model."""

import pytest

from policy_engine.replay.curve import Curve, Point, area, calls_for, curve_of, recovered

WEAK, STRONG = Point(calls=0, score=0.6), Point(calls=1, score=0.8)


def test_a_single_setting_lies_between_two_mixes() -> None:
    """APGR is (1 + PGR - calls) / 2, and CPT is read off the two lines."""
    curve = curve_of("w", "s", ends=(WEAK, STRONG), settings=[Point(calls=0.25, score=0.7)])

    assert curve == Curve(
        weak="w",
        strong="s",
        points=(WEAK, Point(calls=0.25, score=0.7), STRONG),
        apgr=pytest.approx((1 + 0.5 - 0.25) / 2),
        cpt=((0.2, pytest.approx(0.1)), (0.5, pytest.approx(0.25)), (0.8, pytest.approx(0.7))),
    )


def test_a_random_mix_recovers_half() -> None:
    """The area under the diagonal."""
    assert area([(0.0, 0.0), (0.3, 0.3), (1.0, 1.0)]) == pytest.approx(0.5)


def test_without_a_gap_there_is_nothing_to_recover() -> None:
    """Two models of one score have no measures."""
    curve = curve_of("w", "s", ends=(WEAK, Point(calls=1, score=0.6)), settings=[Point(calls=0.5, score=0.6)])

    assert (curve.apgr, curve.cpt) == (None, ((0.2, None), (0.5, None), (0.8, None)))
    assert recovered(0.7, 0.6, 0.6) is None


def test_the_first_crossing_counts() -> None:
    """A curve that falls again has reached its goal all the same."""
    assert calls_for([(0.0, 0.0), (0.2, 0.9), (0.6, 0.4), (1.0, 1.0)], 0.45) == pytest.approx(0.1)


def test_a_goal_that_is_never_reached_has_no_calls() -> None:
    """A curve may end below it."""
    assert calls_for([(0.0, 0.0), (1.0, 0.7)], 0.8) is None
