"""Tests of checked hits and the thresholds that follow from them."""

from __future__ import annotations

from policy_engine.model.calibration import NEVER
from policy_engine.signals.caches.checks import Check, Checks, Realised, tightened_to
from policy_engine.state.memory import MemoryState


def run(right: int, wrong: int, similarity: float) -> list[Check]:
    """So many checks of one similarity."""
    return [Check(similarity=similarity, is_right=n < right) for n in range(right + wrong)]


def test_a_threshold_stays_while_nothing_speaks_against_it() -> None:
    """Few wrong hits, or none checked, leave the threshold as it was stated."""
    assert tightened_to(0.9, 0.05, []) == 0.9
    assert tightened_to(0.9, 0.05, run(96, 4, 0.92)) == 0.9
    assert tightened_to(0.9, None, run(0, 100, 0.92)) == 0.9


def test_a_threshold_is_tightened_where_hits_are_surely_too_often_wrong() -> None:
    """It moves up to where the checks do not speak against it any more, and never down."""
    checks = run(60, 20, 0.91) + run(200, 2, 0.97)

    assert 0.91 < tightened_to(0.9, 0.05, checks) <= 0.915
    assert tightened_to(0.98, 0.05, checks) == 0.98


def test_without_a_threshold_left_there_is_none() -> None:
    """Where even equal texts are too often wrong, nothing is a hit."""
    assert tightened_to(0.9, 0.05, run(5, 30, 1.0)) == NEVER


def test_checks_are_shared_and_reported() -> None:
    """What one process checked, another knows; the realised rate is that of the hits that are left."""
    log = MemoryState().log
    one = Checks(log, "c")
    for check in (*run(3, 1, 0.95), *run(0, 2, 0.7)):
        one.record(check, now_s=0)

    other = Checks(log, "c").realised(0.9, 0.5, now_s=1)

    assert other == Realised(checked=4, wrong=1, threshold=0.9)
    assert other.rate == 0.25
    assert Realised(checked=0, wrong=0, threshold=0.9).rate is None


def test_records_that_are_no_checks_are_passed_over() -> None:
    """Whatever else stands in the log, checks are read and nothing is run."""
    log = MemoryState().log
    for number, value in enumerate((b"", b"\x80\x04.", b"[]", b'{"right": 1}', b'{"right": true, "similarity": 9}')):
        log.append("c", str(number), value, now_s=0, until_s=10)

    assert Checks(log, "c").all(1) == ()
