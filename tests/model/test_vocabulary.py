"""The facts that conditions can read."""

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.policy import (
    Attribute,
    AttributeType,
    Cascade,
    Declarations,
    Model,
    Score,
    Setting,
    SignalDeclaration,
)
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import FIXED_NAMES, Fact, Stage, declared_names, fact_named

HERE = Address("a.yaml")

FACTS = {
    "task": Fact(name="task", kind=Kind.TEXT, group="task", choices=("chat",)),
    "message.chars": Fact(name="message.chars", kind=Kind.COUNT, group="message", integral=True),
    "input.text": Fact(name="input.text", kind=Kind.TEXT, group="input"),
    "input.language": Fact(
        name="input.language", kind=Kind.TEXT, group="input.language", stage=Stage.CLASSIFIERS
    ),
    "conversation.repeats": Fact(name="conversation.repeats", kind=Kind.COUNT, group="conversation", integral=True),
    "conversation.has_system": Fact(name="conversation.has_system", kind=Kind.BOOLEAN, group="conversation"),
    "wants.model": Fact(name="wants.model", kind=Kind.TEXT, group="wants", always=True),
    "attributes.plan": Fact(name="attributes.plan", kind=Kind.TEXT, group="attributes.plan", choices=("free",)),
    "attributes.beta": Fact(
        name="attributes.beta", kind=Kind.BOOLEAN, group="attributes.beta", choices=(False, True)
    ),
    "attributes.seats": Fact(name="attributes.seats", kind=Kind.NUMBER, group="attributes.seats", integral=True),
    "attributes.groups": Fact(name="attributes.groups", kind=Kind.LIST, group="attributes.groups"),
    "cache.c.hit": Fact(name="cache.c.hit", kind=Kind.BOOLEAN, group="cache.c", stage=Stage.CACHES),
    "classifier.k.label": Fact(
        name="classifier.k.label", kind=Kind.TEXT, group="classifier.k", stage=Stage.CLASSIFIERS, choices=("x",)
    ),
    "similar.p": Fact(name="similar.p", kind=Kind.SHARE, group="similar.p", stage=Stage.SIMILAR),
    "budget.b.left": Fact(name="budget.b.left", kind=Kind.MONEY, group="budget.b", stage=Stage.COUNTERS),
    "escalation.e.requests": Fact(
        name="escalation.e.requests", kind=Kind.COUNT, group="escalation.e", stage=Stage.COUNTERS, integral=True
    ),
    "latency.m.p95": Fact(name="latency.m.p95", kind=Kind.DURATION, group="latency.m", stage=Stage.COUNTERS),
    "errors.m.rate": Fact(name="errors.m.rate", kind=Kind.SHARE, group="errors.m", stage=Stage.COUNTERS),
    "session.tier": Fact(name="session.tier", kind=Kind.TEXT, group="session", stage=Stage.COUNTERS),
    "signal.s": Fact(name="signal.s", kind=Kind.NUMBER, group="signal.s", stage=Stage.CLASSIFIERS),
    "score.d": Fact(name="score.d", kind=Kind.NUMBER, group="score.d"),
    "output.confidence": Fact(
        name="output.confidence", kind=Kind.SHARE, group="output.confidence", stage=Stage.ANSWER
    ),
    "output.text": Fact(name="output.text", kind=Kind.TEXT, group="output.text", stage=Stage.ANSWER, always=True),
}  # fmt: skip


@pytest.mark.parametrize(("name", "fact"), FACTS.items(), ids=FACTS.keys())
def test_a_fact_has_a_kind_a_group_and_a_stage(name: str, fact: Fact) -> None:
    """Each name gives its fact: what it measures, what it counts as when missing, when it is asked for."""
    assert fact_named(name, _declarations()) == fact


UNKNOWN_NAMES = """
    message message.length wants wants.temperature attributes attributes.other attributes.plan.x cache.c cache.other.hit
    cache.c.score classifier.c.label similar.other score.other signal.other budget.b escalation.c.rate latency.e.p50
    latency.m.p99 session.users output output.label judge conversation.users c.hit .hit cache..hit
""".split()


@pytest.mark.parametrize("name", UNKNOWN_NAMES)
def test_a_name_that_nothing_declares_is_no_fact(name: str) -> None:
    """Sections without a field, fields of another section and undeclared names are no facts."""
    assert fact_named(name, _declarations()) is None


def test_a_task_can_be_unknown_in_spite_of_a_default() -> None:
    """A default task stands in for absence; a task that is not declared is unknown still."""
    fact = fact_named("task", Declarations(fingerprint="f", tasks=("chat",), default_task="chat"))

    assert fact is not None
    assert not fact.always


def test_signals_cost_something_and_facts_of_the_request_do_not() -> None:
    """Whatever is neither in the request nor in the answer is a signal."""
    declared = _declarations()
    signals = {name for name in FACTS if (fact := fact_named(name, declared)) is not None and fact.is_signal}

    assert {name.partition(".")[0] for name in signals} == {
        "budget", "cache", "classifier", "errors", "escalation", "input", "latency", "session", "signal", "similar",
    }  # fmt: skip
    assert {name for name in signals if name.startswith("input")} == {"input.language"}


def test_every_fixed_name_is_a_fact() -> None:
    """The names that need no declaration are facts of an empty bundle."""
    empty = Declarations(fingerprint="f")

    assert [name for name in FIXED_NAMES if fact_named(name, empty) is None] == []
    assert list(declared_names("latency", _declarations())) == ["m"]


def _declarations() -> Declarations:
    def attribute(name: str, type_: AttributeType, enum: tuple[str, ...] | None = None) -> Attribute:
        return Attribute(name=name, type=type_, enum=enum, source="key", address=HERE)

    return Declarations(
        fingerprint="f",
        tasks=("chat",),
        attributes={
            "plan": attribute("plan", AttributeType.STRING, ("free",)),
            "beta": attribute("beta", AttributeType.BOOLEAN),
            "seats": attribute("seats", AttributeType.INTEGER),
            "groups": attribute("groups", AttributeType.LIST),
        },
        caches={"c": Setting(name="c", value={}, address=HERE)},
        classifiers={"k": Setting(name="k", value={"labels": ["x"]}, address=HERE)},
        phrases={"p": Setting(name="p", value={}, address=HERE)},
        budgets={"b": Setting(name="b", value={}, address=HERE)},
        cascades={"e": Cascade(name="e", steps=(), limits={}, address=HERE)},
        models={"m": Model(name="m", provider="p", model="m-1", address=HERE)},
        signals={"s": SignalDeclaration(name="s", type=AttributeType.NUMBER, address=HERE)},
        scores={"d": Score(name="d", parts=(), address=HERE)},
    )
