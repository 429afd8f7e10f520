"""How long a text surely fits every model of a plan."""

import pytest

from policy_engine.compiler.room import answer_bound, room_of
from policy_engine.diagnostics import Address
from policy_engine.model.condition import Operand
from policy_engine.model.effect import Limit, Limits, Modifiers
from policy_engine.model.plan import UNBOUNDED, Card, Plan, PlanStep, Refusal, RequestedTarget, Target

NONE = Modifiers()


def card(name: str, context: int | None, max_output: int | None = None, accepts: frozenset[str] | None = None) -> Card:
    """A model of which only this matters."""
    return Card(
        name=name,
        provider="p",
        model=name,
        tier=None,
        tags=frozenset(),
        context=context,
        max_output=max_output,
        accepts=accepts,
    )


CARDS = {
    one.name: one
    for one in (
        card("small", 1_000, 200),
        card("large", 9_000),
        card("vast", None),
        card("eyes", 1_000, accepts=frozenset(("images",))),
    )
}


def plan(*models: str, limits: Limits | None = None) -> Plan:
    """One step with these models."""
    return Plan(steps=(PlanStep(chain=tuple(Target(model, None) for model in models)),), limits=limits)


def at_most(tokens: Operand, name: str = "max_tokens") -> Limits:
    """A limit, to the length of an answer if it is not another."""
    return {name: Limit(max=tokens, otherwise="fail", address=Address("policy.yaml", ()))}


@pytest.mark.parametrize(
    ("given", "modifiers", "room"),
    [
        (plan("small", "large"), NONE, 1_000),
        (plan("vast"), NONE, UNBOUNDED),
        (plan("small", "large"), Modifiers(limits=at_most(150)), 850),
        (plan("small"), Modifiers(params={"max_tokens": "0.1k"}), 900),
        (plan("large", limits=at_most(500)), Modifiers(params={"max_tokens": 800}), 8_500),
        (plan("small"), Modifiers(params={"max_tokens": 201}), -1),
        (plan("large"), Modifiers(params={"max_tokens": 10_000}), -1),
        (plan("large"), Modifiers(params={"max_tokens": "many"}), -1),
        (plan("large"), Modifiers(params={"temperature": 0}, limits=at_most(1, "cost")), 9_000),
        (plan("large"), Modifiers(only=("eu",)), -1),
        (plan("eyes"), NONE, -1),
        (plan(), NONE, -1),
        (Plan(steps=(PlanStep(chain=(RequestedTarget(),)),)), NONE, -1),
        (Plan(refusal=Refusal(status=403, message="no")), Modifiers(limits=at_most(5)), UNBOUNDED),
        (Plan(refusal=Refusal(status=403, message="no")), Modifiers(only=("eu",)), -1),
    ],
)
def test_the_room_is_what_the_smallest_model_has_besides_the_answer(
    given: Plan, modifiers: Modifiers, room: int
) -> None:
    """Whatever may not fit for another reason than the text's length has no room at all."""
    assert room_of(given, modifiers, CARDS) == room


def test_the_policy_s_bound_goes_before_the_caller_s_and_limits_cap_both() -> None:
    """What is no whole number says nothing."""
    cap = at_most(300)

    assert answer_bound(NONE, None) is None
    assert answer_bound(NONE, None, 400) == 400
    assert answer_bound(NONE, None, "400") is None
    assert answer_bound(NONE, cap, 400) == 300
    assert answer_bound(Modifiers(params={"max_tokens": 100}), cap, 400) == 100
    assert answer_bound(Modifiers(limits=at_most("0.2k")), cap) == 200
