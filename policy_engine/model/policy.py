"""A bundle as nouns: every declaration and rule with its address, before names are resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from policy_engine.diagnostics import Address
from policy_engine.model.condition import Condition, Scalar
from policy_engine.model.effect import Limits, Route, Then

ENTRY_WORDS: Final[Mapping[str, str]] = {
    "attributes": "attribute",
    "signals": "signal",
    "providers": "provider",
    "models": "model",
    "tiers": "tier",
    "conditions": "condition",
    "scores": "score",
    "caches": "cache",
    "classifiers": "classifier",
    "phrases": "list of phrases",
    "budgets": "budget",
    "cascades": "cascade",
}
"""What one entry of a section that declares names is called, by section."""


class AttributeType(StrEnum):
    """The type of a request attribute or of a signal of your own."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """
    What callers may send under one name.

    `source` is `metadata:PATH`, `header:NAME` or `key`; `default` stands in for absence only.
    """

    name: str
    type: AttributeType
    address: Address
    enum: tuple[Scalar, ...] | None = None
    default: Scalar | tuple[Scalar, ...] | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalDeclaration:
    """A signal of your own, learned from a function registered in Python; `timeout` as written, `cost` a rank hint."""

    name: str
    type: AttributeType
    address: Address
    enum: tuple[Scalar, ...] | None = None
    timeout: str | None = None
    cost: str | float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where models are called; `settings` is the entry as written."""

    name: str
    kind: str
    tags: tuple[str, ...]
    settings: Mapping[str, Any]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """
    One model of one provider. Quantities are as written; what is None may be looked up in the price list.

    `price` has `input` and `output`, and what the schema of policies allows besides, USD per million tokens.
    """

    name: str
    provider: str
    model: str
    address: Address
    price: Mapping[str, Any] | None = None
    context: Scalar | None = None
    max_output: Scalar | None = None
    latency: Scalar | None = None
    quality: float | None = None
    accepts: tuple[str, ...] | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """Models that stand in for each other, tried in this order."""

    name: str
    models: tuple[str, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCondition:
    """An entry of `conditions`; `when` is None if it could not be read."""

    name: str
    when: Condition | None
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """Points that count when a condition holds."""

    when: Condition
    points: float
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A named sum of points."""

    name: str
    parts: tuple[ScorePart, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a cascade: a route, and what its answer must pass. `accept` is None where any answer will do."""

    route: Route
    accept: Condition | None
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """Steps from cheap to dear, and limits."""

    name: str
    steps: tuple[Step, ...]
    limits: Limits
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A declaration that is kept as written: an entry of `caches`, `classifiers`, `phrases` or `budgets`."""

    name: str
    value: Mapping[str, Any]
    address: Address


class OnUnknown(StrEnum):
    """What a rule does when its condition is unknown."""

    SKIP = "skip"
    MATCH = "match"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request on which a rule is expected to match, or not to; `request` is as written."""

    request: Mapping[str, Any]
    matches: bool
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """
    A finding of the analysis that is not to be told, and why not.

    `code` is `PE503` or the like; `at` is the entry that it is about, as `SECTION.NAME`, or None for the rule in which
    it stands.
    """

    code: str
    reason: str
    at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rule:
    """
    One rule. Equal only to itself, so that what was made from it is found again while its file does not change.

    `when` already includes the file's own `when`; None matches always.
    """

    name: str
    when: Condition | None
    then: Then
    address: Address
    priority: int = 0
    on_unknown: OnUnknown | None = None
    enabled: bool = True
    expires: date | None = None
    description: str | None = None
    owner: str | None = None
    examples: tuple[Example, ...] = ()
    ignores: tuple[Ignore, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Declarations:
    """Everything a bundle declares besides its rules, by name; equal only to itself."""

    fingerprint: str
    zone: str | None = None
    default_task: str | None = None
    on_state_error: str = "allow"
    tasks: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    signals: Mapping[str, SignalDeclaration] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    models: Mapping[str, Model] = field(default_factory=dict)
    tiers: Mapping[str, Tier] = field(default_factory=dict)
    conditions: Mapping[str, NamedCondition] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    cascades: Mapping[str, Cascade] = field(default_factory=dict)
    caches: Mapping[str, Setting] = field(default_factory=dict)
    classifiers: Mapping[str, Setting] = field(default_factory=dict)
    phrases: Mapping[str, Setting] = field(default_factory=dict)
    budgets: Mapping[str, Setting] = field(default_factory=dict)
    analysis: Mapping[str, str] = field(default_factory=dict)
    """How bad a finding of the analysis is, by code: `off`, `info`, `warning` or `error`."""
    assets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Contents of the files that entries refer to, by path relative to the bundle's folder."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """
    A whole bundle as nouns; `rules` are in decision order and include disabled ones.

    `ignores` are findings about declarations that the bundle does not want to be told.
    """

    declarations: Declarations
    rules: tuple[Rule, ...]
    default: Then | None
    revision: str
    ignores: tuple[Ignore, ...] = ()
