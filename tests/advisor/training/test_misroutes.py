"""Tests of what a ledger teaches: tiers whose answers gates accepted."""

from __future__ import annotations

from dataclasses import replace

from policy_engine.advisor.training.examples import Example, Naming
from policy_engine.advisor.training.misroutes import Lessons, lessons_of
from policy_engine.ledger.record import Call, Record
from tests.advisor.training.records import call, record

NAMING = Naming(labels=("fast", "frontier"), tiers={"mini": "fast", "opus": "frontier"})
FIRST = call(model="mini", tier="fast", verdict="true")
FAILED = replace(FIRST, verdict="false")
SECOND = call(model="opus", tier="frontier", verdict=None, position=1, step=1)


def taught(*records: Record) -> Lessons:
    """What some records teach."""
    return lessons_of(records, NAMING)


def with_calls(*calls: Call, answered_by: str = "mini", status: str = "accepted", escalations: int = 0) -> Record:
    """A record of a message that was kept, with these calls."""
    return record(message="why?", calls=calls, answered_by=answered_by, status=status, escalations=escalations)


def test_an_accepted_answer_teaches_its_tier() -> None:
    """Accepted at once, the first tier was right; escalated, the one that was accepted in the end."""
    lessons = taught(with_calls(FIRST), with_calls(FAILED, SECOND, answered_by="opus", escalations=1))

    assert lessons.examples == (Example(text="why?", label="fast"), Example(text="why?", label="frontier"))
    assert (lessons.misroutes, lessons.unaccepted, lessons.untold) == (1, 0, 0)


def test_without_a_gate_nobody_knows() -> None:
    """A plain route says nothing about whether its answer was good enough."""
    assert taught(with_calls(replace(FIRST, verdict=None))).examples == ()


def test_what_no_tier_answered_teaches_nothing() -> None:
    """It is counted as a misroute without a lesson."""
    lessons = taught(with_calls(FAILED, status="not_accepted"))

    assert (lessons.examples, lessons.unaccepted) == ((), 1)


def test_a_message_that_was_not_kept_teaches_nothing() -> None:
    """It is counted, so that one can see what keeping it would teach."""
    lessons = taught(replace(with_calls(FIRST), message=None))

    assert (lessons.examples, lessons.untold) == ((), 1)


def test_judges_and_shadows_are_no_answers() -> None:
    """Only calls that were made to answer count."""
    assert taught(with_calls(replace(FIRST, purpose="shadow"))).examples == ()


def test_a_model_outside_its_tier_is_named_by_the_policies() -> None:
    """A step that calls a model and no tier teaches the model's tier."""
    assert taught(with_calls(replace(FIRST, tier=None))).examples[0].label == "fast"
