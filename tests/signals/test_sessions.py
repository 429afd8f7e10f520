"""Tests of what sessions saw and which models they keep."""

from __future__ import annotations

from typing import Any

from policy_engine.diagnostics import Address
from policy_engine.model.effect import Stick
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Attribute, AttributeType, Declarations
from policy_engine.model.request import Request
from policy_engine.signals.sessions import SESSION_S, Sessions, Sticks, Turn
from policy_engine.state.memory import MemoryState

ADDRESS = Address("policy.yaml", ())
PLAN = Attribute(name="plan", type=AttributeType.STRING, address=ADDRESS, source="metadata:plan")
ANSWERED = Turn(model="opus", tier="frontier", escalations=2, errors=1)


def facts(**request: Any) -> Facts:
    """The facts of a request, which may have the attribute `plan`."""
    return Facts(Request(**request), layout_of(Declarations(fingerprint="", attributes={"plan": PLAN})))


def test_a_session_remembers_who_answered_and_counts() -> None:
    """Model and tier are those of the last answer, escalations and errors add up, and sessions do not mix."""
    sessions = Sessions(MemoryState())
    sessions.record("c1", ANSWERED, now_s=0)
    sessions.record("c1", Turn(model="mini", tier="fast", errors=1), now_s=1)

    assert sessions.read("c1", now_s=2) == {"model": "mini", "tier": "fast", "escalations": 2, "errors": 2}
    assert sessions.read("c2", now_s=2) == {"escalations": 0, "errors": 0}


def test_a_request_without_answer_changes_no_model() -> None:
    """A turn that no model answered only counts; a model that is in no tier leaves the tier unknown."""
    sessions = Sessions(MemoryState())
    sessions.record("c1", ANSWERED, now_s=0)
    sessions.record("c1", Turn(model=None, tier=None, errors=3), now_s=1)
    sessions.record("c2", Turn(model="own", tier=None), now_s=1)

    assert sessions.read("c1", now_s=2) == {"model": "opus", "tier": "frontier", "escalations": 2, "errors": 4}
    assert sessions.read("c2", now_s=2) == {"model": "own", "escalations": 0, "errors": 0}


def test_escalations_are_admitted_up_to_a_number() -> None:
    """An admitted escalation counts at once, and no more once it was not made; without a session nothing is counted."""
    sessions = Sessions(MemoryState())
    sessions.record("c1", ANSWERED, now_s=0)
    one, two = (sessions.admit("c1", 3, now_s=1) for _ in range(2))
    assert one is not None
    assert two is not None
    seen = sessions.read("c1", now_s=1)
    sessions.settle(one, escalated=False, now_s=2)
    sessions.settle(two, escalated=True, now_s=2)
    three = sessions.admit("c1", 3, now_s=3)

    assert (one.is_granted, two.is_granted, three is not None and three.is_granted) == (True, False, True)
    assert seen == {"model": "opus", "tier": "frontier", "escalations": 3, "errors": 1}
    assert sessions.admit(None, 3, now_s=3) is None


def test_a_session_is_forgotten_a_day_after_its_last_request() -> None:
    """What is not used for a day begins anew."""
    sessions = Sessions(MemoryState())
    sessions.record("c1", ANSWERED, now_s=0)
    sessions.record("c1", ANSWERED, now_s=100)

    assert sessions.read("c1", now_s=100 + SESSION_S - 1) == {
        "model": "opus",
        "tier": "frontier",
        "escalations": 4,
        "errors": 2,
    }
    assert sessions.read("c1", now_s=100 + SESSION_S) == {"escalations": 0, "errors": 0}


def test_without_session_nothing_is_known() -> None:
    """Requests that name no session share none."""
    sessions = Sessions(MemoryState())
    sessions.record(None, ANSWERED, now_s=0)

    assert sessions.read(None, now_s=0) is UNKNOWN


def test_a_model_is_kept_until_its_time_is_over() -> None:
    """The time counts from the last request that kept it."""
    sticks, stick = Sticks(MemoryState()), Stick(by="session", period="30m", address=ADDRESS)
    sticks.keep(stick, facts(session="c1"), "opus", now_s=0)
    sticks.keep(stick, facts(session="c1"), "opus", now_s=600)

    assert sticks.kept(stick, facts(session="c1"), now_s=2_399) == "opus"
    assert sticks.kept(stick, facts(session="c1"), now_s=2_400) is None
    assert sticks.kept(stick, facts(session="c2"), now_s=0) is None


def test_a_model_is_kept_by_user_or_attribute() -> None:
    """What it is kept by is what the rule names, and a request without it keeps none."""
    sticks = Sticks(MemoryState())
    by_user = Stick(by="user", period="1h", address=ADDRESS)
    by_plan = Stick(by="attributes.plan", period="1h", address=ADDRESS)
    sticks.keep(by_user, facts(user="x"), "opus", now_s=0)
    sticks.keep(by_plan, facts(attributes={"plan": "x"}), "mini", now_s=0)
    sticks.keep(by_plan, facts(), "haiku", now_s=0)

    assert sticks.kept(by_user, facts(user="x"), now_s=1) == "opus"
    assert sticks.kept(by_plan, facts(user="x", attributes={"plan": "x"}), now_s=1) == "mini"
    assert sticks.kept(by_plan, facts(user="x"), now_s=1) is None
