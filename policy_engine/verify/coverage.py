"""What the tests of a bundle reach: rules, each part of their conditions both ways, and effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Address
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.only import restricted
from policy_engine.evaluator.possible import FALSE, TRUE, outcomes
from policy_engine.model.effect import Then
from policy_engine.model.facts import Facts
from policy_engine.model.policy import Policy
from policy_engine.model.request import Request
from policy_engine.model.trace import RuleTrace
from policy_engine.verify.conditions import Piece, pieces_of
from policy_engine.verify.effects import effect_addresses
from policy_engine.verify.run import MATCHES, tried_alone
from policy_engine.verify.suite import DEFAULT, Suite


class Kind(StrEnum):
    """What can be covered."""

    RULE = "rules"
    CONDITION = "conditions"
    EFFECT = "effects"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """
    One thing to be covered.

    `hits` counts each way in which it was seen: `matched` for a rule, `true` and `false` for a condition, `taken` for
    an effect. `owner` is the rule, named condition or score that it stands in.
    """

    kind: Kind
    owner: str
    text: str
    address: Address
    hits: Mapping[str, int]

    @property
    def missing(self) -> tuple[str, ...]:
        """The ways in which it was never seen."""
        return tuple(way for way, count in self.hits.items() if count == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Every point of a bundle, rules in decision order, what they share and `default` last."""

    points: tuple[Point, ...]

    def share(self, *kinds: Kind) -> tuple[int, int]:
        """How many ways were seen, and how many there are, of points of these kinds; of all without any."""
        wanted = [point for point in self.points if not kinds or point.kind in kinds]
        total = sum(len(point.hits) for point in wanted)
        return total - sum(len(point.missing) for point in wanted), total

    def percent(self, *kinds: Kind) -> float:
        """The same as a percentage; 100 where there is nothing to cover."""
        seen, total = self.share(*kinds)
        return 100.0 if total == 0 else 100 * seen / total


def cover(suite: Suite, policy_set: PolicySet, policy: Policy) -> Coverage:
    """
    What a suite covers.

    A case counts for the rules that it tries: those up to the deciding one. Of each, all parts of the condition are
    looked at, whatever the others say. An example counts for the condition of its own rule.
    """
    ledger = _Ledger(policy_set, policy)
    for case in suite.cases:
        ledger.add_case(case.request)
    compiled = {rule.rule.address: rule for rule in policy_set.rules}
    for example in suite.examples:
        ledger.add_example(compiled[example.rule.address], example.request)
    return Coverage(points=tuple(ledger.points()))


@dataclass(slots=True)
class _Ledger:
    """Counts how often each way was seen."""

    policy_set: PolicySet
    policy: Policy
    pieces: dict[Address, tuple[Piece, ...]] = field(init=False)
    seen: dict[tuple[Address, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pieces = {
            rule.rule.address: tuple(pieces_of(rule.rule, self.policy_set)) for rule in self.policy_set.rules
        }

    def add_case(self, request: Request) -> None:
        """Counts what one request tries, up to the rule that decides, and what it decides."""
        decision = decide(self.policy_set, request, trace=True)
        tried: tuple[RuleTrace, ...] = () if decision.trace is None else decision.trace.rules
        facts = Facts(request, self.policy_set.layout)
        applied: list[CompiledRule] = []
        for rule, traced in zip(self.policy_set.rules, tried, strict=False):
            self._count_rule(rule, facts, matched=traced.result in MATCHES)
            if traced.result in MATCHES:
                self._count_effects(rule.rule.then)
                applied.append(rule)
                facts = restricted(self.policy_set, facts, applied) if rule.modifiers.only else facts
        if decision.rule is None and self.policy.default is not None:
            self._count_effects(self.policy.default)

    def add_example(self, rule: CompiledRule, request: Request) -> None:
        """Counts what one request shows of one rule."""
        alone = tried_alone(rule, self.policy_set, request)
        self._count_rule(rule, Facts(request, self.policy_set.layout), matched=alone.result in MATCHES)

    def points(self) -> Iterator[Point]:
        """Everything that there is to be covered, each once."""
        told: set[Address] = set()
        for rule in self.policy_set.rules:
            yield self._point(Kind.RULE, rule.name, "matches", rule.rule.address, ("matched",))
            for piece in self.pieces[rule.rule.address]:
                if piece.address not in told:
                    told.add(piece.address)
                    owner = piece.owner or rule.name
                    yield self._point(Kind.CONDITION, owner, piece.text, piece.address, ("true", "false"))
            for text, address in effect_addresses(rule.rule.then):
                yield self._point(Kind.EFFECT, rule.name, text, address, ("taken",))
        if self.policy.default is not None:
            for text, address in effect_addresses(self.policy.default):
                yield self._point(Kind.EFFECT, DEFAULT, text, address, ("taken",))

    def _point(self, kind: Kind, owner: str, text: str, address: Address, ways: Iterable[str]) -> Point:
        hits = {way: self.seen.get((address, way), 0) for way in ways}
        return Point(kind=kind, owner=owner, text=text, address=address, hits=hits)

    def _count_rule(self, rule: CompiledRule, facts: Facts, *, matched: bool) -> None:
        if matched:
            self._count(rule.rule.address, "matched")
        for piece in self.pieces[rule.rule.address]:
            way = _WAYS.get(outcomes(piece.node, facts))
            if way is not None:
                self._count(piece.address, way)

    def _count_effects(self, then: Then) -> None:
        for _, address in effect_addresses(then):
            self._count(address, "taken")

    def _count(self, address: Address, way: str) -> None:
        self.seen[address, way] = self.seen.get((address, way), 0) + 1


_WAYS = {TRUE: "true", FALSE: "false"}
