"""`when` and `accept` mappings read into conditions."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Address
from policy_engine.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    ExpressionTest,
    JudgeTest,
    Negation,
    NoneOf,
    Operand,
    Reference,
    SampleTest,
    Test,
    TimeTest,
)
from policy_engine.validator.read.conditions import read_condition
from policy_engine.validator.walk import parts_of_condition

HERE = Address("a.yaml", ("when",))


def on(fact: str, op: str, operand: Operand, *keys: str | int) -> Test:
    """The test of a fact that stands below `when`."""
    return Test(fact=fact, op=op, operand=operand, address=HERE.child(*keys))


TASK = on("task", "eq", "chat", "task")
CASES: dict[str, tuple[dict[str, Any], Condition]] = {
    "a bare value": ({"task": "chat"}, TASK),
    "a bare list": ({"task": ["a", "b"]}, on("task", "in", ("a", "b"), "task")),
    "an operator": ({"task": {"ne": "a"}}, on("task", "ne", "a", "task", "ne")),
    "two operators": (
        {"message": {"chars": {"gte": "1k", "lt": 2000}}},
        AllOf(
            children=(
                on("message.chars", "gte", "1k", "message", "chars", "gte"),
                on("message.chars", "lt", 2000, "message", "chars", "lt"),
            ),
            address=HERE,
        ),
    ),
    "two entries": (
        {"task": "chat", "wants": {"stream": True}},
        AllOf(children=(TASK, on("wants.stream", "eq", True, "wants", "stream")), address=HERE),
    ),
    "one pattern": ({"message": {"matches": "x"}}, on("message.text", "matches", ("x",), "message", "matches")),
    "several phrases": (
        {"input": {"contains": ["x", "y"]}},
        on("input.text", "contains", ("x", "y"), "input", "contains"),
    ),
    "a language": ({"message": {"language": "de"}}, on("message.language", "eq", "de", "message", "language")),
    "a count": (
        {"conversation": {"turns": {"gt": 3}}},
        on("conversation.turns", "gt", 3, "conversation", "turns", "gt"),
    ),
    "existence": (
        {"attributes": {"plan": {"exists": False}}},
        on("attributes.plan", "exists", False, "attributes", "plan", "exists"),
    ),
    "membership": (
        {"attributes": {"groups": {"has": ["a", "b"]}}},
        on("attributes.groups", "has", ("a", "b"), "attributes", "groups", "has"),
    ),
    "a pattern of an attribute": (
        {"attributes": {"plan": {"matches": "^p"}}},
        on("attributes.plan", "matches", ("^p",), "attributes", "plan", "matches"),
    ),
    "a score": ({"score": {"hard": {"gt": 0.5}}}, on("score.hard", "gt", 0.5, "score", "hard", "gt")),
    "similarity": ({"similar": {"p": {"gt": 0.5}}}, on("similar.p", "gt", 0.5, "similar", "p", "gt")),
    "a signal": ({"signal": {"risk": "high"}}, on("signal.risk", "eq", "high", "signal", "risk")),
    "a cache": ({"cache": {"c": {"hit": True}}}, on("cache.c.hit", "eq", True, "cache", "c", "hit")),
    "a budget": (
        {"budget": {"b": {"used": {"gte": "90%"}}}},
        on("budget.b.used", "gte", "90%", "budget", "b", "used", "gte"),
    ),
    "a session": ({"session": {"tier": "fast"}}, on("session.tier", "eq", "fast", "session", "tier")),
    "sections": (
        {"output": {"sections": ["## A"]}},
        on("output.text", "sections", ("## A",), "output", "sections"),
    ),
    "a schema": (
        {"output": {"json_schema": "a.json"}},
        on("output.text", "json_schema", "a.json", "output", "json_schema"),
    ),
    "choices": ({"output": {"one_of": ["a", "b"]}}, on("output.text", "one_of", ("a", "b"), "output", "one_of")),
    "json": ({"output": {"json": True}}, on("output.json", "eq", True, "output", "json")),
    "confidence": (
        {"output": {"confidence": {"gte": 0.8}}},
        on("output.confidence", "gte", 0.8, "output", "confidence", "gte"),
    ),
    "a judge": (
        {"output": {"judge": {"model": "m", "question": "q?", "score": {"gte": "80%", "lt": 1}}}},
        JudgeTest(model="m", question="q?", ranges=(("gte", "80%"), ("lt", 1)), address=HERE.child("output", "judge")),
    ),
    "a time": (
        {"time": {"between": "09:00-17:00", "days": "mon-fri", "dates": ["2026-12-24"], "zone": "UTC"}},
        TimeTest(
            between="09:00-17:00", days=("mon-fri",), dates=("2026-12-24",), zone="UTC", address=HERE.child("time")
        ),
    ),
    "a sample": (
        {"sample": {"share": "10%", "by": "attributes.tenant"}},
        SampleTest(share="10%", by="attributes.tenant", salt=None, address=HERE.child("sample")),
    ),
    "an expression": ({"expr": "task == 'a'"}, ExpressionTest(text="task == 'a'", address=HERE.child("expr"))),
    "a name": ({"condition": "c"}, Reference(name="c", address=HERE.child("condition"))),
    "several names": (
        {"condition": ["c", "d"]},
        AllOf(
            children=(
                Reference(name="c", address=HERE.child("condition", 0)),
                Reference(name="d", address=HERE.child("condition", 1)),
            ),
            address=HERE,
        ),
    ),
    "a negation": (
        {"not": {"task": "a"}},
        Negation(child=on("task", "eq", "a", "not", "task"), address=HERE.child("not")),
    ),
    "a conjunction": (
        {"all": [{"task": "a"}]},
        AllOf(children=(on("task", "eq", "a", "all", 0, "task"),), address=HERE.child("all")),
    ),
    "a disjunction": (
        {"any": [{"task": "a"}]},
        AnyOf(children=(on("task", "eq", "a", "any", 0, "task"),), address=HERE.child("any")),
    ),
    "an exclusion": (
        {"none": [{"task": "a"}]},
        NoneOf(children=(on("task", "eq", "a", "none", 0, "task"),), address=HERE.child("none")),
    ),
    "what lost a piece": ({"task": "chat", "any": [None], "message": {"chars": {"gt": None}}, "time": {}}, TASK),
}


@pytest.mark.parametrize(("written", "condition"), CASES.values(), ids=CASES.keys())
def test_each_entry_is_read_as_the_language_says(written: dict[str, Any], condition: Condition) -> None:
    """Every way to write a condition gives its node, at its place."""
    assert read_condition(written, HERE) == condition


@pytest.mark.parametrize("written", [None, [], "x", {}, {"task": None}, {"nothing": "known"}, {"all": []}])
def test_what_says_nothing_is_no_condition(written: object) -> None:
    """Where nothing can be read there is no condition."""
    assert read_condition(written, HERE) is None


KEYS = "task message chars gt in any not output judge score model question time sample share cache a hit".split()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(ANYTHING)
def test_nothing_is_too_odd_to_read(written: object) -> None:
    """Reading never fails, whatever stands there."""
    condition = read_condition({"all": [written], "output": written, "time": written, "sample": written}, HERE)

    parts = [] if condition is None else parts_of_condition(condition)
    assert all(part.address.keys[:1] == ("when",) for part in parts)
