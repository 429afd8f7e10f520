"""Which facts of a bundle can be missing from a request, and how each attribute and signal value is checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policy_engine.model.calibration import threshold_in
from policy_engine.model.condition import Kinded, Scalar, kinded
from policy_engine.model.policy import AttributeType, Declarations
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import SECTIONS, SESSION

REQUEST_GROUPS = ("task", "message", "input", "conversation", "id", "user")
_EXACT_TYPES = {AttributeType.STRING: str, AttributeType.INTEGER: int, AttributeType.BOOLEAN: bool}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """
    How one attribute or own signal is checked.

    `exact` is the one Python type that needs no closer look; `given` is the mask that clears its `bit` from what is
    missing; `items` are the choices of `enum` again, for lists: in them true is not 1.
    """

    bit: int
    type: AttributeType
    exact: object
    enum: frozenset[Scalar] | None
    given: int
    items: frozenset[Kinded]

    def accepted(self, value: Any) -> Any:
        """The value as rules see it, or None if it has the wrong type or is not in the enum."""
        value = _ACCEPT[self.type](value)
        if value is None or self.enum is None:
            return value
        if isinstance(value, tuple):
            return value if self.items.issuperset(map(kinded, value)) else None
        return value if value in self.enum else None

    def expectation(self) -> str:
        """What is wanted, for a message."""
        if self.enum is not None:
            words = (str(value).lower() if is_boolean else str(value) for is_boolean, value in self.items)
            return "one of " + ", ".join(f"`{word}`" for word in sorted(words))
        return _WANTED[self.type]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """
    The facts of one bundle that can be missing, each with a bit, so that "what is missing here" is one integer.

    `bits` goes from group (`message`, `attributes.plan`, `cache.support`) to bit; `defaults` from attribute name to
    default; `at_first` has the bits of everything that is missing from a request that says nothing, and the `given_…`
    masks clear what a request with an input, a task, an id has; `at_most` is what is left with an input and a task.
    """

    bits: Mapping[str, int]
    attributes: Mapping[str, Slot]
    signals: Mapping[str, Slot]
    defaults: Mapping[str, Any]
    tasks: frozenset[str]
    default_task: str | None
    at_first: int
    given_input: int
    given_task: int
    given_id: int
    at_most: int
    cache_thresholds: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, frozenset[Scalar] | None] = field(default_factory=dict)


def layout_of(declarations: Declarations) -> Layout:
    """The layout for everything that a bundle declares."""
    bits: dict[str, int] = {}
    for group in _groups(declarations):
        bits[group] = 1 << len(bits)
    attributes = declarations.attributes
    defaults = {
        name: _ACCEPT[attribute.type](attribute.default)
        for name, attribute in attributes.items()
        if attribute.default is not None
    }
    at_first = sum(bits.values()) - sum(bits[f"attributes.{name}"] for name in defaults)
    given_input, given_task = ~(bits["message"] | bits["input"] | bits["conversation"]), ~bits["task"]
    return Layout(
        bits=bits,
        attributes={name: _slot(a, bits[f"attributes.{name}"]) for name, a in attributes.items()},
        signals={name: _slot(s, bits[f"signal.{name}"]) for name, s in declarations.signals.items()},
        defaults=defaults,
        tasks=frozenset(declarations.tasks),
        default_task=declarations.default_task,
        at_first=at_first,
        given_input=given_input,
        given_task=given_task,
        given_id=~bits["id"],
        at_most=at_first & given_input & given_task,
        cache_thresholds={
            name: threshold_in(cache, declarations.assets) for name, cache in declarations.caches.items()
        },
        labels={name: _label_set(c.value.get("labels")) for name, c in declarations.classifiers.items()},
    )


def _groups(declarations: Declarations) -> list[str]:
    groups = [*REQUEST_GROUPS, "session", "message.language", "input.language"]
    groups += [f"attributes.{name}" for name in declarations.attributes]
    groups += [f"cache.{name}" for name in declarations.caches]
    groups += [f"classifier.{name}" for name in declarations.classifiers]
    groups += [f"similar.{name}" for name in declarations.phrases]
    groups += [f"budget.{name}" for name in declarations.budgets]
    groups += [f"escalation.{name}" for name in declarations.cascades]
    groups += [f"{section}.{name}" for section in ("latency", "errors") for name in declarations.models]
    groups += [f"signal.{name}" for name in declarations.signals]
    return groups


def _slot(declared: Any, bit: int) -> Slot:
    enum = None if declared.enum is None else frozenset(declared.enum)
    exact, items = _EXACT_TYPES.get(declared.type), frozenset(map(kinded, declared.enum or ()))
    return Slot(bit=bit, type=declared.type, exact=exact, enum=enum, given=~bit, items=items)


def _label_set(labels: Any) -> frozenset[Scalar] | None:
    return frozenset(labels) if labels else None


def is_number(value: object) -> bool:
    """Whether a value is a finite number (a boolean is not)."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def accepted_signal(group: str, value: Any, layout: Layout) -> Any:
    """
    The value of a signal as rules see it, or None if it has the wrong shape.

    Args:
        group: such as `cache.support`, `session`, `signal.risk`.
        value: as supplied: a mapping of fields, or a bare value for `similar`, `signal` and languages.
    """
    section, _, name = group.partition(".")
    if section == "signal":
        return layout.signals[name].accepted(value)
    if section == "similar":
        return value if is_number(value) else None
    if section in ("message", "input"):
        return value if isinstance(value, str) else None
    if not isinstance(value, Mapping):
        return None
    if section == "cache":
        return _accepted_cache(value, layout.cache_thresholds[name])
    if section == "classifier" and not _has_label(value, layout.labels[name]):
        return None
    kinds = SESSION if section == "session" else SECTIONS[section]
    return value if all(_fits(value[key], kinds.get(key)) for key in value) else None


def fields_of(group: str) -> frozenset[str] | None:
    """The fields that a complete value of a signal has, or None if it is a bare value."""
    section = group.partition(".")[0]
    if section == "session":
        return frozenset(SESSION)
    return frozenset(SECTIONS[section]) if section in SECTIONS else None


def _accepted_cache(value: Mapping[str, Any], threshold: float) -> Mapping[str, Any] | None:
    if not value:
        return {"similarity": 0, "hit": False}
    hit = value.get("hit")
    if "similarity" not in value:
        return value if isinstance(hit, bool) else None
    similarity = value["similarity"]
    if not is_number(similarity):
        return None
    if "hit" not in value:
        return {**value, "hit": similarity >= threshold}
    return value if isinstance(hit, bool) else None


def _has_label(value: Mapping[str, Any], labels: frozenset[Scalar] | None) -> bool:
    label = value.get("label")
    return label is None or labels is None or (isinstance(label, str) and label in labels)


def _fits(value: object, kind: Kind | None) -> bool:
    if kind is Kind.TEXT:
        return isinstance(value, str)
    if kind is Kind.BOOLEAN:
        return isinstance(value, bool)
    return kind is None or is_number(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> int | float | None:
    return _plain(value) if is_number(value) else None


def _plain(value: Any) -> Any:
    """A number as it is counted, hashed and written: 3.0 is 3."""
    return int(value) if type(value) is float and value.is_integer() else value


def _integer(value: Any) -> int | None:
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else None


def _list(value: Any) -> tuple[Scalar, ...] | None:
    if not isinstance(value, list | tuple):
        return None
    is_list = all(isinstance(item, str | bool) or is_number(item) for item in value)
    return tuple(map(_plain, value)) if is_list else None


_ACCEPT: Mapping[AttributeType, Any] = {
    AttributeType.STRING: _text,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.NUMBER: _number,
    AttributeType.INTEGER: _integer,
    AttributeType.LIST: _list,
}
_WANTED = {
    AttributeType.STRING: "text",
    AttributeType.BOOLEAN: "true or false",
    AttributeType.NUMBER: "a number",
    AttributeType.INTEGER: "a whole number",
    AttributeType.LIST: "a list",
}
