"""Tests of escalation rates over a sliding window."""

from __future__ import annotations

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.effect import Limit
from policy_engine.model.facts import UNKNOWN
from policy_engine.model.policy import Cascade, Declarations
from policy_engine.signals.escalations import Escalations, Tally, tallies_of
from policy_engine.state.memory import MemoryState

ADDRESS = Address("policy.yaml", ("cascades",))


def limit(**more: object) -> Limit:
    """An `escalation_rate` limit."""
    return Limit(max="30%", otherwise="last_answer", address=ADDRESS, **more)  # type: ignore[arg-type]  # as given


def cascade(name: str, **limits: Limit) -> Cascade:
    """A cascade with limits."""
    return Cascade(name=name, steps=(), limits=limits, address=ADDRESS)


def counted(*times: tuple[float, bool], min_requests: int = 1) -> Escalations:
    """Escalations of `careful` over an hour, with requests at these moments."""
    escalations = Escalations(MemoryState(), (Tally(cascade="careful", min_requests=min_requests),))
    for at_s, escalated in times:
        escalations.record("careful", escalated=escalated, now_s=at_s)
    return escalations


def test_declared_limits_are_read() -> None:
    """Window and smallest number are those of the limit, else an hour and 100; other cascades are not counted."""
    declarations = Declarations(
        fingerprint="",
        cascades={
            "a": cascade("a", escalation_rate=limit(window="90s", min_requests=5)),
            "b": cascade("b", escalation_rate=limit()),
            "c": cascade("c", cost=limit()),
        },
    )

    assert tallies_of(declarations) == (
        Tally(cascade="a", window_s=90.0, min_requests=5),
        Tally(cascade="b", window_s=3600.0, min_requests=100),
    )


def test_the_rate_is_the_share_that_went_up() -> None:
    """Of all requests in the window, those that escalated."""
    assert counted((0, True), (1, False), (2, False), (3, False)).read("careful", now_s=3) == {
        "rate": 0.25,
        "requests": 4,
    }


def test_below_its_minimum_the_rate_is_0() -> None:
    """A few requests say nothing yet, and are counted all the same."""
    escalations = counted((0, True), (0, True), min_requests=3)
    before = escalations.read("careful", now_s=0)
    escalations.record("careful", escalated=False, now_s=0)

    assert before == {"rate": 0.0, "requests": 2}
    assert escalations.read("careful", now_s=0) == {"rate": 2 / 3, "requests": 3}


@pytest.mark.parametrize(("now_s", "requests"), [(3_599, 2), (3_600, 1), (3_719, 1), (3_720, 0)])
def test_the_window_slides(now_s: float, requests: int) -> None:
    """What is older than the window no longer counts, to a thirtieth of it."""
    value = counted((119, True), (120, True), min_requests=0).read("careful", now_s=now_s)

    assert value == {"rate": 1.0 if requests else 0.0, "requests": requests}


def test_a_cascade_without_limit_is_unknown() -> None:
    """Nothing is counted for a cascade that has no such limit."""
    escalations = counted()
    escalations.record("other", escalated=True, now_s=0)

    assert escalations.read("other", now_s=0) is UNKNOWN
