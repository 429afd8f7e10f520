"""Tests of escalation rates over a sliding window."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Address
from policy_engine.model.effect import Limit
from policy_engine.model.facts import UNKNOWN
from policy_engine.model.policy import Cascade, Declarations
from policy_engine.signals.admission import UNDER_WAY_S, Admission
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


def begun(escalations: Escalations, *, share: str = "0.3", now_s: float = 0) -> Admission:
    """A request that asks to begin at the first step of `careful`, of whose requests such a share is to escalate."""
    admitted = escalations.admit("careful", Decimal(share), now_s=now_s)
    assert admitted is not None
    return admitted


def test_requests_that_are_under_way_count_as_escalated() -> None:
    """From the least number on, none is let in as long as those under way could pass the limit; rules see none."""
    escalations = counted(min_requests=2)
    first, second, third = (begun(escalations) for _ in range(3))
    seen = escalations.read("careful", now_s=0)
    escalations.settle(first, escalated=False, now_s=0)
    fourth = begun(escalations)
    escalations.settle(second, escalated=False, now_s=0)

    assert [one.is_granted for one in (first, second, third, fourth)] == [True, True, False, False]
    assert seen == {"rate": 0.0, "requests": 0}
    assert escalations.read("careful", now_s=0) == {"rate": 0.0, "requests": 2}
    assert begun(escalations).is_granted


def test_an_admitted_request_counts_once_as_what_it_came_to() -> None:
    """One that escalated counts, one that says nothing about the first step does not, and none counts twice."""
    escalations = counted(min_requests=2)
    admitted = [begun(escalations, share="1") for _ in range(3)]
    for one, escalated in zip(admitted, (True, False, None), strict=True):
        escalations.settle(one, escalated=escalated, now_s=1)
        escalations.settle(one, escalated=escalated, now_s=1)

    assert escalations.read("careful", now_s=1) == {"rate": 0.5, "requests": 2}


def test_a_request_that_never_ends_is_under_way_for_a_time() -> None:
    """What a process held that died holds nobody up from then on."""
    escalations = counted()
    begun(escalations)

    assert not begun(escalations, now_s=UNDER_WAY_S - 1).is_granted
    assert begun(escalations, now_s=UNDER_WAY_S).is_granted


REQUESTS = st.lists(st.tuples(st.integers(0, 9), st.booleans() | st.none()), max_size=40)


@given(REQUESTS, st.sampled_from(["0", "0.07", "0.3", "1"]), st.integers(0, 5))
def test_none_begins_that_could_find_the_limit_passed(
    requests: list[tuple[int, bool | None]], share: str, least: int
) -> None:
    """Whatever ends when, no request begins unless the limit holds even if all that are under way escalate."""
    escalations = counted(min_requests=least)
    under_way: list[tuple[int, Admission, bool | None]] = []
    whole = up = 0
    for lasts, escalated in requests:
        admitted = escalations.admit("careful", Decimal(share), now_s=0)
        assert admitted is not None
        worst, count = up + len(under_way), whole + len(under_way)
        assert admitted.is_granted == (count < max(1, least) or Decimal(worst) <= Decimal(share) * count)
        if admitted.is_granted:
            under_way.append((lasts, admitted, escalated))
        for entry in [entry for entry in under_way if entry[0] <= len(under_way)]:
            under_way.remove(entry)
            escalations.settle(entry[1], escalated=entry[2], now_s=0)
            whole, up = whole + (entry[2] is not None), up + (entry[2] is True)


def test_a_cascade_without_limit_is_unknown() -> None:
    """Nothing is counted for a cascade that has no such limit."""
    escalations = counted()
    escalations.record("other", escalated=True, now_s=0)

    assert escalations.read("other", now_s=0) is UNKNOWN
    assert escalations.admit("other", Decimal("0.3"), now_s=0) is None
