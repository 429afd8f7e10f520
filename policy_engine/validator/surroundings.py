"""What a check may know besides the part of the policy that it looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from policy_engine.diagnostics import Address
from policy_engine.model.policy import Declarations, Model, Provider, Rule, Step
from policy_engine.model.vocabulary import Fact, fact_named
from policy_engine.validator.losses import Losses

Prices = Callable[[Model, Provider | None], object | None]
"""The price of a model by the price list, or None if it has none there."""


class FactTable(dict[str, Fact | None]):
    """The facts of one bundle by name, looked up once; None for names that are no facts."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__()
        self._declarations = declarations

    def __missing__(self, name: str) -> Fact | None:
        fact = self[name] = fact_named(name, self._declarations)
        return fact


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surroundings:
    """
    The bundle around a part.

    `sections` says where each section of declarations begins first; `prices` is None where prices are not looked up.
    """

    declarations: Declarations
    facts: FactTable
    tasks: frozenset[str]
    today: date
    sections: Mapping[str, Address] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    prices: Prices | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Site:
    """Where a part stands: its bundle, and the rule or the cascade step whose gate it is in, if any."""

    around: Surroundings
    rule: Rule | None = None
    gate: Step | None = None
