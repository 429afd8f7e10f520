"""A compiled bundle: everything that deciding needs, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from policy_engine.compiler.general import General
from policy_engine.compiler.graph import Interner, Node
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.shortcut import Shortcut, shortcuts_of
from policy_engine.compiler.unit import Unit
from policy_engine.diagnostics import Address
from policy_engine.model.condition import Scalar
from policy_engine.model.decision import Decision, Origin
from policy_engine.model.layout import Layout
from policy_engine.model.plan import Card, Verdict
from policy_engine.model.policy import Declarations
from policy_engine.model.shadow import ShadowPlan


@dataclass(slots=True, kw_only=True)
class Unmeasured:
    """
    A verdict that chooses by measured latencies (`groups`, none if it does not or not only), and what it comes to where
    none is known.
    """

    verdict: Verdict
    groups: tuple[str, ...]
    declared: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicySet:
    """
    A compiled bundle.

    Attributes:
        origin: revision, and generation inside an Engine.
        declarations: what the bundle declares.
        layout: which facts can be missing.
        cards: the models, with what the price list adds.
        rules: all enabled rules in decision order.
        cells: for each declared task, the units that decide it.
        rest: what decides every other request: without a task, or with one that is not declared.
        default: what decides when no rule does.
        shadows: the models of each `shadow`, by where it stands.
        merged: verdicts with the modifiers of other rules, as they were needed so far.
        unmeasured: what is remembered of verdicts that choose by latency, by the verdict's identity.
        words: the tests of rules in their own words, of those that were traced so far.
        shortcuts: for tasks with few rules, what decides the plainest requests.
        nameless: the decisions about requests without an id that nothing else sets apart, by the verdict's identity.
    """

    origin: Origin
    declarations: Declarations
    layout: Layout
    cards: Mapping[str, Card]
    rules: tuple[CompiledRule, ...]
    cells: Mapping[Scalar, tuple[Unit, ...]]
    rest: General = field(repr=False)
    default: Verdict
    interner: Interner = field(repr=False)
    shadows: Mapping[Address, ShadowPlan] = field(default_factory=dict)
    merged: dict[tuple[int, ...], Verdict] = field(default_factory=dict, repr=False)
    unmeasured: dict[int, Unmeasured] = field(default_factory=dict, init=False, repr=False)
    words: dict[str, Mapping[Node, str]] = field(default_factory=dict, init=False, repr=False)
    shortcuts: Mapping[Scalar, Shortcut] = field(init=False, repr=False)
    nameless: dict[int, Decision] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shortcuts", shortcuts_of(self.cells, self.default, self.origin))

    @property
    def revision(self) -> str:
        """The bundle's revision, `sha256:…`."""
        return self.origin.revision

    @property
    def generation(self) -> int | None:
        """The snapshot's number inside an Engine, else None."""
        return self.origin.generation

    @property
    def general(self) -> tuple[Unit, ...]:
        """The units for requests without a task of the bundle, made when first asked for."""
        return self.rest.units()

    def with_generation(self, generation: int) -> PolicySet:
        """The same policies as an Engine's snapshot of this number."""
        return replace(self, origin=Origin(revision=self.revision, generation=generation))

    def units(self) -> Iterator[Unit]:
        """Every unit, each once."""
        seen = {id(unit): unit for units in (*self.cells.values(), self.general) for unit in units}
        return iter(seen.values())
