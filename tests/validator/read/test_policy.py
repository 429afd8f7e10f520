"""The files of a bundle read into one policy."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Address, Part
from policy_engine.model.condition import AllOf, Test
from policy_engine.model.policy import (
    Attribute,
    AttributeType,
    Example,
    Model,
    NamedCondition,
    OnUnknown,
    Provider,
    Score,
    ScorePart,
    Setting,
    SignalDeclaration,
    Tier,
)
from policy_engine.validator.read.policy import Duplicate, ReadableFile, Reading, read_policy


def reading(*files: dict[str, Any], previous: Reading | None = None, **more: Any) -> Reading:
    """The files as `a.yaml`, `b.yaml` and so on, read."""
    named = [ReadableFile(path=f"{chr(97 + i)}.yaml", data=data) for i, data in enumerate(files)]
    return read_policy(named, revision="r", assets={}, previous=previous, **more)


def rule(name: str, **more: Any) -> dict[str, Any]:
    """A rule as written."""
    return {"name": name, "then": {"route": "fast"}, **more}


def test_declarations_of_all_files_are_read_by_name() -> None:
    """Each section is one namespace, whichever files its entries stand in."""
    declared = reading(
        {
            "zone": "UTC",
            "default_task": "chat",
            "tasks": ["chat"],
            "attributes": {"plan": {"type": "string", "enum": ["a"], "default": "a", "from": "header:X-Plan"}},
            "providers": {"p": {"kind": "openai", "tags": ["eu"]}},
            "models": {"m": {"provider": "p", "model": "x", "quality": "62%", "context": "128k", "accepts": ["text"]}},
        },
        {
            "tasks": ["code"],
            "attributes": {"seats": {"type": "integer"}},
            "tiers": [{"name": "fast", "models": ["m"]}],
            "signals": {"risk": {"type": "number", "timeout": "1s", "cost": "$1"}},
            "conditions": {"c": {"task": "chat"}},
            "scores": {"s": [{"when": {"task": "chat"}, "points": -1}]},
            "caches": {"k": {"kind": "exact"}},
        },
    ).policy.declarations

    assert (declared.zone, declared.default_task, declared.tasks) == ("UTC", "chat", ("chat", "code"))
    assert declared.attributes == {
        "plan": Attribute(
            name="plan",
            type=AttributeType.STRING,
            address=Address("a.yaml", ("attributes", "plan")),
            enum=("a",),
            default="a",
            source="header:X-Plan",
        ),
        "seats": Attribute(
            name="seats",
            type=AttributeType.INTEGER,
            address=Address("b.yaml", ("attributes", "seats")),
            source="metadata:seats",
        ),
    }
    assert declared.providers == {
        "p": Provider(
            name="p",
            kind="openai",
            tags=("eu",),
            settings={"kind": "openai", "tags": ["eu"]},
            address=Address("a.yaml", ("providers", "p")),
        )
    }
    assert declared.models == {
        "m": Model(
            name="m",
            provider="p",
            model="x",
            address=Address("a.yaml", ("models", "m")),
            quality=0.62,
            context="128k",
            accepts=("text",),
        )
    }
    assert declared.tiers == {"fast": Tier(name="fast", models=("m",), address=Address("b.yaml", ("tiers", 0)))}
    assert declared.signals == {
        "risk": SignalDeclaration(
            name="risk",
            type=AttributeType.NUMBER,
            address=Address("b.yaml", ("signals", "risk")),
            timeout="1s",
            cost="$1",
        )
    }
    condition = Address("b.yaml", ("conditions", "c"))
    assert declared.conditions == {
        "c": NamedCondition(name="c", when=_is_chat(condition.child("task")), address=condition)
    }
    score = Address("b.yaml", ("scores", "s"))
    part = ScorePart(when=_is_chat(score.child(0, "when", "task")), points=-1, address=score.child(0))
    assert declared.scores == {"s": Score(name="s", parts=(part,), address=score)}
    cache = Address("b.yaml", ("caches", "k"))
    assert declared.caches == {"k": Setting(name="k", value={"kind": "exact"}, address=cache)}


def test_rules_are_tried_by_priority_then_file_then_position() -> None:
    """Higher priority comes first; among equals the path of the file decides, then the place in it."""
    policy = reading(
        {"rules": [rule("low", priority=-1), rule("a1"), rule("a2")]}, {"rules": [rule("b1"), rule("high", priority=5)]}
    ).policy

    assert [rule.name for rule in policy.rules] == ["high", "a1", "a2", "b1", "low"]


def test_a_rule_carries_everything_that_is_written() -> None:
    """The fields of a rule are read, the request of an example without its expectation."""
    written = rule(
        "a",
        on_unknown="default",
        enabled=False,
        expires="2027-01-31",
        description="why",
        owner="ops",
        examples=[{"input": "hi", "expect": "no_match"}],
    )
    read = reading({"rules": [written]}).policy.rules[0]

    assert (read.on_unknown, read.enabled, read.expires) == (OnUnknown.DEFAULT, False, date(2027, 1, 31))
    assert (read.description, read.owner, read.when, read.priority) == ("why", "ops", None, 0)
    assert read.examples == (
        Example(request={"input": "hi"}, matches=False, address=Address("a.yaml", ("rules", 0, "examples", 0))),
    )


def test_a_files_own_when_comes_before_each_of_its_rules() -> None:
    """What a file says for all of its rules must hold as well."""
    rules = reading({"when": {"task": "chat"}, "rules": [rule("a"), rule("b", when={"task": "chat"})]}).policy.rules
    outer = _is_chat(Address("a.yaml", ("when", "task")))
    inner = Address("a.yaml", ("rules", 1, "when"))

    assert rules[0].when == outer
    assert rules[1].when == AllOf(children=(outer, _is_chat(inner.child("task"))), address=inner)


def test_the_first_of_two_names_counts_and_the_second_is_noticed() -> None:
    """Of two entries with one name the first is read, and the second is a duplicate."""
    read = reading({"models": {"m": {"model": "x"}}}, {"tiers": [{"name": "m", "models": ["m"]}], "zone": "UTC"})

    assert read.duplicates == (
        Duplicate(
            name="m",
            word="tier",
            address=Address("b.yaml", ("tiers", 0, "name")),
            part=Part.VALUE,
            first_word="model",
            first=Address("a.yaml", ("models", "m")),
            first_part=Part.KEY,
        ),
    )


def test_declarations_that_are_written_the_same_are_the_same_object() -> None:
    """As long as declarations, overlay and assets stay the same, so does the object; their order matters."""
    one = reading({"tasks": ["a", "b"]}, {"rules": [rule("x")]})
    same = reading({"tasks": ["a", "b"]}, {"rules": [rule("y")]}, previous=one)
    other = reading({"tasks": ["b", "a"]}, previous=one)
    elsewhere = reading({"tasks": ["a", "b"]}, previous=one, env="prod")

    assert same.policy.declarations is one.policy.declarations
    assert other.policy.declarations is not one.policy.declarations
    assert elsewhere.policy.declarations.fingerprint != one.policy.declarations.fingerprint


def test_a_rule_is_read_anew_if_its_files_when_changes() -> None:
    """A rule that stays as it is means something else under another `when`."""
    before = reading({"when": {"task": "chat"}, "rules": [rule("a")]})
    after = reading({"when": {"task": "code"}, "rules": [rule("a")]}, previous=before)

    assert after.policy.rules[0] is not before.policy.rules[0]


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "when", "models"]), inner),
    max_leaves=6,
)
SECTIONS = (
    "zone default_task tasks attributes providers models tiers conditions scores caches classifiers phrases signals "
    "budgets cascades when rules default"
).split()


@given(st.dictionaries(st.sampled_from(SECTIONS), ODD | st.dictionaries(st.text(max_size=3), ODD, max_size=2)))
def test_no_file_is_too_odd_to_read(data: dict[str, Any]) -> None:
    """Reading never fails, whatever the sections hold."""
    assert reading(data).policy.revision == "r"


def _is_chat(address: Address) -> Test:
    return Test(fact="task", op="eq", operand="chat", address=address)
