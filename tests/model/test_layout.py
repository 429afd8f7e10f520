"""How attributes and signals are checked against what the bundle declares."""

from typing import Any

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.layout import Slot, accepted_signal, fields_of, is_number, layout_of
from policy_engine.model.policy import Attribute, AttributeType, Declarations, Setting, SignalDeclaration

HERE = Address("a.yaml")

ACCEPTED: list[tuple[AttributeType, Any, Any]] = [
    (AttributeType.STRING, "", ""),
    (AttributeType.STRING, 1, None),
    (AttributeType.INTEGER, 10**30, 10**30),
    (AttributeType.INTEGER, 3.0, 3),
    (AttributeType.INTEGER, 3.5, None),
    (AttributeType.INTEGER, True, None),
    (AttributeType.INTEGER, "3", None),
    (AttributeType.INTEGER, float("inf"), None),
    (AttributeType.NUMBER, 3, 3),
    (AttributeType.NUMBER, 3.0, 3),
    (AttributeType.NUMBER, 1e22, 10**22),
    (AttributeType.NUMBER, -0.5, -0.5),
    (AttributeType.NUMBER, float("nan"), None),
    (AttributeType.NUMBER, False, None),
    (AttributeType.BOOLEAN, False, False),
    (AttributeType.BOOLEAN, 0, None),
    (AttributeType.LIST, [], ()),
    (AttributeType.LIST, ["a", 1, True, 0.5], ("a", 1, True, 0.5)),
    (AttributeType.LIST, ("a",), ("a",)),
    (AttributeType.LIST, "a", None),
    (AttributeType.LIST, [None], None),
    (AttributeType.LIST, [float("nan")], None),
    (AttributeType.LIST, {"a": 1}, None),
]


@pytest.mark.parametrize(("type_", "value", "seen"), ACCEPTED)
def test_a_value_is_of_its_type_or_nothing(type_: AttributeType, value: Any, seen: Any) -> None:
    """A valid value is seen as it is, whole floats as integers and lists as tuples; an invalid one is None."""
    found = Slot(bit=1, type=type_, exact=None, enum=None, given=~1, items=frozenset()).accepted(value)

    assert (found, type(found)) == (seen, type(seen))


def test_a_value_is_of_its_enum_each_item_of_a_list_too() -> None:
    """An enum admits its values only."""
    declared = [
        Attribute(name="text", type=AttributeType.STRING, enum=("b", "a"), address=HERE, source="key"),
        Attribute(name="many", type=AttributeType.LIST, enum=("a", 1, False), address=HERE, source="key"),
    ]
    layout = layout_of(Declarations(fingerprint="", attributes={one.name: one for one in declared}))
    text, many = layout.attributes["text"], layout.attributes["many"]

    assert [text.accepted(value) for value in ("a", "c", 1)] == ["a", None, None]
    assert [many.accepted(value) for value in (["a", 1.0], ["a", "b"], [], [True], [0])] == [
        ("a", 1),
        None,
        (),
        None,
        None,
    ]
    assert (text.expectation(), many.expectation()) == ("one of `a`, `b`", "one of `1`, `a`, `false`")


SIGNALS: dict[str, tuple[str, Any, Any]] = {
    "an empty lookup": ("cache.c", {}, {"similarity": 0, "hit": False}),
    "a lookup at the threshold": ("cache.c", {"similarity": 0.8}, {"similarity": 0.8, "hit": True}),
    "a lookup below it": ("cache.c", {"similarity": 0.79}, {"similarity": 0.79, "hit": False}),
    "a lookup that a guard vetoed": ("cache.c", {"similarity": 1, "hit": False}, {"similarity": 1, "hit": False}),
    "a hit of unknown similarity": ("cache.c", {"hit": True}, {"hit": True}),
    "a lookup with more to it": ("cache.c", {"similarity": 1, "e": 2}, {"similarity": 1, "e": 2, "hit": True}),
    "a similarity of nothing": ("cache.c", {"similarity": None}, None),
    "a hit of no kind": ("cache.c", {"hit": 1}, None),
    "a cache called like a signal": ("cache.language", {}, {"similarity": 0, "hit": False}),
    "no lookup": ("cache.c", 0.5, None),
    "a label": ("classifier.k", {"label": "x", "score": 0.5}, {"label": "x", "score": 0.5}),
    "a label of another classifier": ("classifier.k", {"label": "z"}, None),
    "a label that is none": ("classifier.k", {"label": ["x"]}, None),
    "any label of an open classifier": ("classifier.open", {"label": "z"}, {"label": "z"}),
    "a similarity": ("similar.p", 0.5, 0.5),
    "a similarity that is true": ("similar.p", True, None),
    "a budget": ("budget.b", {"used": 1.5, "left": -3}, {"used": 1.5, "left": -3}),
    "a budget used up": ("budget.b", {"used": "all"}, None),
    "a rate": ("errors.m", {"rate": float("inf")}, None),
    "a session": ("session", {"tier": "fast", "errors": 0}, {"tier": "fast", "errors": 0}),
    "a session of numbers": ("session", {"tier": 1}, None),
    "a language": ("message.language", "de", "de"),
    "a language in parts": ("input.language", {"code": "de"}, None),
    "one's own": ("signal.s", 3, 3),
    "one's own of another type": ("signal.s", "3", None),
}  # fmt: skip


@pytest.mark.parametrize(("group", "value", "seen"), SIGNALS.values(), ids=SIGNALS.keys())
def test_a_signal_has_its_shape_or_nothing(group: str, value: Any, seen: Any) -> None:
    """The value of a signal is seen with what follows from it; one of the wrong shape is None."""
    declared = Declarations(
        fingerprint="f",
        caches={name: Setting(name=name, value={"threshold": 0.8}, address=HERE) for name in ("c", "language")},
        classifiers={
            "k": Setting(name="k", value={"labels": ["x", "y"]}, address=HERE),
            "open": Setting(name="open", value={}, address=HERE),
        },
        signals={"s": SignalDeclaration(name="s", type=AttributeType.INTEGER, address=HERE)},
    )

    assert accepted_signal(group, value, layout_of(declared)) == seen


def test_a_signal_is_complete_with_all_of_its_fields() -> None:
    """Signals of several fields have a list of them; bare values have none."""
    assert fields_of("cache.c") == {"similarity", "hit"}
    assert fields_of("session") == {"tier", "model", "escalations", "errors"}
    assert [fields_of(group) for group in ("similar.p", "signal.s", "message.language")] == [None, None, None]


def test_a_threshold_is_what_the_cache_says() -> None:
    """A share, 1 for an exact cache, 0.95 where nothing is said."""
    written: dict[str, dict[str, Any]] = {"said": {"threshold": "80%"}, "exact": {"kind": "exact"}, "silent": {}}
    caches = {name: Setting(name=name, value=value, address=HERE) for name, value in written.items()}

    assert layout_of(Declarations(fingerprint="f", caches=caches)).cache_thresholds == {
        "said": 0.8,
        "exact": 1.0,
        "silent": 0.95,
    }


def test_numbers_are_finite_and_no_booleans() -> None:
    """True, NaN and infinities are no numbers."""
    assert [is_number(value) for value in (0, 1.5, True, float("nan"), float("-inf"), "1")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip
