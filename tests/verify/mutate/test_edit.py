"""Tests of changing one fact of a request."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine.model.facts import Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations
from policy_engine.model.request import read_request
from policy_engine.verify.mutate.edit import ABSENT, with_fact

REQUEST: dict[str, Any] = {"task": "faq", "input": "one two three", "attributes": {"plan": "pro"}}
CONVERSATION: dict[str, Any] = {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "hi"}]}


@pytest.mark.parametrize("written", [REQUEST, CONVERSATION])
@pytest.mark.parametrize("measure", ["chars", "words", "lines", "tokens"])
@pytest.mark.parametrize("size", [1, 7, 40])
def test_a_message_takes_any_size(written: dict[str, Any], measure: str, size: int) -> None:
    """The text is cut or continued, in the message that counts."""
    changed = with_fact(written, f"message.{measure}", size)

    facts = Facts(read_request(changed), layout_of(Declarations(fingerprint="")))
    assert getattr(facts, f"message_{measure}") == size


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("turns", 3),
        ("messages", 5),
        ("images", 2),
        ("tool_calls", 2),
        ("repeats", 2),
        ("tool_results", 1),
        ("tool_errors", 3),
        ("in_tool_loop", True),
        ("has_system", True),
        ("tools", 2),
        ("turns", 0),
        ("in_tool_loop", False),
    ],
)
def test_a_conversation_takes_any_shape(what: str, value: Any) -> None:
    """The messages are made so that the count or flag has its value."""
    changed = with_fact(REQUEST, f"conversation.{what}", value)

    facts = Facts(read_request(changed), layout_of(Declarations(fingerprint="")))
    assert getattr(facts.shape, what)() == value


@pytest.mark.parametrize(
    ("fact", "value", "expected"),
    [
        ("task", "other", {**REQUEST, "task": "other"}),
        ("task", ABSENT, {"input": "one two three", "attributes": {"plan": "pro"}}),
        ("attributes.plan", "free", {**REQUEST, "attributes": {"plan": "free"}}),
        ("attributes.plan", ABSENT, {**REQUEST, "attributes": {}}),
        ("message.text", "hello", {**REQUEST, "input": "hello"}),
        ("message.text", ABSENT, {"task": "faq", "attributes": {"plan": "pro"}}),
        ("cache.support.similarity", 0.9, {**REQUEST, "signals": {"cache": {"support": {"similarity": 0.9}}}}),
        ("similar.phrases", 0.9, {**REQUEST, "signals": {"similar": {"phrases": 0.9}}}),
        (
            "session.escalations",
            2,
            {**REQUEST, "session": "s1", "signals": {"session": {"escalations": 2}}},
        ),
    ],
)
def test_everything_else_stays(fact: str, value: Any, expected: dict[str, Any]) -> None:
    """Only the fact changes, and the given request is left as it is."""
    before = dict(REQUEST)

    assert with_fact(REQUEST, fact, value) == expected
    assert before == REQUEST


def test_what_cannot_be_arranged_is_not() -> None:
    """A text of many megabytes is not made."""
    assert with_fact(REQUEST, "message.chars", 10**9) is None
