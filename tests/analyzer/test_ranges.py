"""Tests of numbers that come out the same for every number there can be."""

import pytest

from policy_engine.analyzer.ranges import verdict_of
from policy_engine.diagnostics import Address
from policy_engine.model.condition import Operand, Test
from policy_engine.model.policy import Cascade, Declarations, Setting

PLACE = Address("policy.yaml")
DECLARATIONS = Declarations(
    fingerprint="",
    phrases={"p": Setting(name="p", value={}, address=PLACE)},
    budgets={"b": Setting(name="b", value={"amount": "$50"}, address=PLACE)},
    cascades={"c": Cascade(name="c", steps=(), limits={}, address=PLACE)},
)


@pytest.mark.parametrize(
    ("fact", "op", "operand", "expected"),
    [
        ("message.chars", "lt", 1, False),
        ("message.tokens", "gte", 0, True),
        ("message.tokens", "gt", 0, None),
        ("input.chars", "lt", 1, None),
        ("similar.p", "gt", 1, False),
        ("similar.p", "gte", -1, True),
        ("similar.p", "gte", 0, None),
        ("escalation.c.rate", "lte", "100%", True),
        ("escalation.c.rate", "in", ("100%", 0.5), None),
        ("budget.b.used", "gt", "120%", None),
        ("budget.b.left", "gt", "$60", False),
        ("budget.b.left", "lte", "$50", True),
        ("message.words", "ne", 5, None),
        ("conversation.messages", "eq", 0, False),
        ("task", "eq", "x", None),
    ],
)
def test_a_test_is_constant_or_depends(fact: str, op: str, operand: Operand, expected: bool | None) -> None:
    """True is always, False never, None depends on the number."""
    found = verdict_of(Test(fact=fact, op=op, operand=operand, address=PLACE), DECLARATIONS)

    assert (None if found is None else found[0]) is expected
