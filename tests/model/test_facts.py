"""The facts of one request: what is missing, what is measured, and how they grow."""

from datetime import UTC, datetime
from typing import Any

from policy_engine.diagnostics import Address
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import Layout, layout_of
from policy_engine.model.policy import Attribute, AttributeType, Declarations, Setting
from policy_engine.model.request import Request

HERE = Address("a.yaml")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_request_that_says_nothing_lacks_everything_without_a_default() -> None:
    """Every group is missing at first but attributes with defaults."""
    facts = _facts(Request())

    assert _missing(facts) == [
        "task", "message", "input", "conversation", "id", "user", "session", "message.language", "input.language",
        "attributes.plan", "cache.support", "budget.day",
    ]  # fmt: skip
    assert facts.attributes == {"stakes": "low", "groups": ("a",)}
    assert (facts.task, facts.message, facts.errors, dict(facts.signals)) == (None, None, (), {})


def test_what_a_request_says_is_not_missing() -> None:
    """Task, id, texts, attributes and complete signals are known; half of a signal leaves its group missing."""
    facts = _facts(
        Request(
            id="r",
            task="chat",
            input="hi",
            attributes={"plan": "pro", "stakes": "high"},
            signals={"cache": {"support": {}}, "budget": {"day": {"used": 0.5}}},
        )
    )

    assert _missing(facts) == ["user", "session", "message.language", "input.language", "budget.day"]
    assert facts.attributes == {"plan": "pro", "stakes": "high", "groups": ("a",)}
    assert facts.signals == {"cache.support": {"similarity": 0, "hit": False}, "budget.day": {"used": 0.5}}


def test_an_invalid_attribute_has_no_value_and_no_default() -> None:
    """A value that is invalid is told and leaves the attribute missing, its default notwithstanding."""
    facts = _facts(Request(attributes={"stakes": "middling", "plan": 5, "groups": [["a"]], "other": 1}))

    assert facts.attributes == {}
    assert {"attributes.stakes", "attributes.plan", "attributes.groups"} < set(_missing(facts))
    assert facts.errors == (
        "attributes.stakes: `middling` is not one of `high`, `low`",
        "attributes.plan: `5` is not text",
        "attributes.groups: `[['a']]` is not a list",
    )


def test_facts_grow_without_changing_what_they_grew_from() -> None:
    """What is learned is known to the new facts only, and what was measured before is kept."""
    facts = _facts(Request(input="hello"))
    assert facts.message_chars == 5

    known = facts.knowing({"cache.support": {"similarity": 0.95}, "budget.day": UNKNOWN})

    assert known.signals == {"cache.support": {"similarity": 0.95, "hit": True}, "budget.day": UNKNOWN}
    assert (known.message_chars, known.at, dict(facts.signals)) == (5, facts.at, {})
    assert set(_missing(facts)) - set(_missing(known)) == {"cache.support"}


def test_an_invalid_signal_is_unknown_and_told() -> None:
    """A learned value of the wrong shape is unknown, and its error joins those there were."""
    facts = _facts(Request(attributes={"plan": 5})).knowing({"budget.day": "much"})

    assert facts.signals == {"budget.day": UNKNOWN}
    assert facts.errors == ("attributes.plan: `5` is not text", "budget.day: `much` is not a value of this signal")


def test_the_clock_is_read_once_and_only_where_the_request_does_not_say() -> None:
    """The moment is the request's own, or what the clock said first."""
    times = iter((NOON, NOON.replace(hour=13)))

    facts = Facts(Request(), _layout(), lambda: next(times))
    other = Facts(Request(at=NOON.replace(hour=9)), _layout(), lambda: next(times))

    assert (facts.at, facts.at, facts.knowing({}).at) == (NOON, NOON, NOON)
    assert other.at == NOON.replace(hour=9)


def test_texts_are_measured_on_demand() -> None:
    """Message and input have chars, words, lines and tokens of their own."""
    facts = _facts(
        Request(
            messages=[{"role": "system", "content": "be kind"}, {"role": "user", "content": "a b\nc"}],
            tokens={"input": 9},
        )
    )

    measured = {name: getattr(facts, name) for name in dir(Facts) if name.startswith(("message_", "input_"))}

    assert measured == {
        "message_chars": 5, "message_words": 3, "message_lines": 2, "message_tokens": 2,
        "input_text": "be kind\na b\nc", "input_chars": 13, "input_words": 5, "input_lines": 3, "input_tokens": 9,
    }  # fmt: skip


def test_wants_are_plain_whatever_was_sent() -> None:
    """What is not the boolean true is false, and a model that is no text is `auto`."""
    odd: dict[str, Any] = {"stream": "yes", "json": 1, "model": ["mini"]}
    facts = _facts(Request(wants=odd))

    assert (facts.wants_stream, facts.wants_json, facts.wants_model) == (False, False, "auto")


def test_a_gate_sees_the_answer_besides() -> None:
    """Facts about an answer join the request's, and do not stay with them."""
    facts = _facts(Request(input="hi"))

    answered = facts.answered({"text": "hello"}, {"judge.m: q": 0.5})

    assert answered.signals == {"output": {"text": "hello"}, "judge.m: q": 0.5}
    assert dict(facts.signals) == {}


def _facts(request: Request) -> Facts:
    return Facts(request, _layout(), lambda: NOON)


def _missing(facts: Facts) -> list[str]:
    return [group for group, bit in facts.layout.bits.items() if facts.missing & bit]


def _layout() -> Layout:
    return layout_of(
        Declarations(
            fingerprint="f",
            tasks=("chat", "code"),
            attributes={
                "plan": Attribute(name="plan", type=AttributeType.STRING, source="key", address=HERE),
                "stakes": Attribute(
                    name="stakes",
                    type=AttributeType.STRING,
                    enum=("low", "high"),
                    default="low",
                    source="key",
                    address=HERE,
                ),
                "groups": Attribute(name="groups", type=AttributeType.LIST, default=("a",), source="key", address=HERE),
            },
            caches={"support": Setting(name="support", value={"threshold": "95%"}, address=HERE)},
            budgets={"day": Setting(name="day", value={}, address=HERE)},
        )
    )
