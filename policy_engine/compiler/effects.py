"""Effects as verdicts: names resolved to models, catalogue choices made, templates and gates taken in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import TypeVar

from policy_engine.compiler.atoms import Search
from policy_engine.compiler.graph import Node, conjuncts
from policy_engine.compiler.room import room_of
from policy_engine.compiler.scope import Scope
from policy_engine.model.effect import (
    Choice,
    Deny,
    Link,
    Modifiers,
    Named,
    Preference,
    Requested,
    Respond,
    Route,
    RunCascade,
    Split,
    Terminal,
    Then,
)
from policy_engine.model.plan import (
    Answer,
    Card,
    FastestTarget,
    Plan,
    PlanStep,
    Refusal,
    RequestedTarget,
    SplitTarget,
    Target,
    Verdict,
)
from policy_engine.model.plan import Link as PlanLink
from policy_engine.model.policy import Cascade, Step
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

OneLink = TypeVar("OneLink", bound=PlanLink)

_PLAIN = Modifiers()

_FIELD_KINDS = {
    "quality": Kind.SHARE,
    "input_price": Kind.MONEY,
    "output_price": Kind.MONEY,
    "latency": Kind.DURATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """
    Compiles effects of one bundle.

    `cards` are its models by name; `routes` has the plans made so far by what they name, `seen` for each plan the first
    model that it calls and how long a text its models take, by the plan's identity.
    """

    scope: Scope
    cards: Mapping[str, Card]
    routes: dict[tuple[str, ...], Plan] = field(default_factory=dict)
    seen: dict[int, tuple[Plan, Target | None, int]] = field(default_factory=dict)

    def verdict(self, then: Then, rule: str | None, node: Node | None = None) -> Verdict | None:
        """What a rule with this effect and condition decides, or None if it is a modifier."""
        if then.terminal is None:
            return None
        effect, plan = self._plan(then.terminal, rule or "default", node)
        if id(plan) not in self.seen:
            self.seen[id(plan)] = (plan, plan.first_target(), room_of(plan, _PLAIN, self.cards))
        _, first, room = self.seen[id(plan)]
        modifiers = then.modifiers
        if modifiers.limits or modifiers.params or modifiers.only:
            room = room_of(plan, modifiers, self.cards)
        return Verdict(
            rule=rule,
            effect=effect,
            plan=plan,
            modifiers=modifiers,
            first=first,
            room=room,
            address=then.address,
        )

    def _plan(self, terminal: Terminal, salt: str, node: Node | None) -> tuple[str, Plan]:
        match terminal:
            case Respond():
                return "respond", Plan(answer=self._answer(terminal, node))
            case Deny(status=status, message=message):
                return "deny", Plan(refusal=Refusal(status=status, message=message))
            case Route():
                return "route", self._route(terminal, salt)
            case RunCascade(name=name):
                cascade = self.scope.declarations.cascades.get(name)
                return "cascade", Plan() if cascade is None else self._cascade(cascade)

    def _route(self, route: Route, salt: str) -> Plan:
        """One plan for all rules that name the same models and tiers."""
        names = tuple([link.name for link in route.chain if isinstance(link, Named)])
        known = self.routes.get(names) if len(names) == len(route.chain) else None
        if known is not None:
            return known
        plan = Plan(steps=(PlanStep(chain=self.chain(route, salt)),))
        if len(names) == len(route.chain):
            self.routes[names] = plan
        return plan

    def _answer(self, respond: Respond, node: Node | None) -> Answer:
        if respond.template is None:
            return Answer(text=respond.text, json=respond.json, cache=respond.cache)
        content = self.scope.declarations.assets.get(respond.template, b"")
        searches = [part.atom for part in conjuncts(node) if isinstance(part.atom, Search)]
        return Answer(
            template=respond.template,
            text=content.decode("utf-8-sig", "replace"),
            patterns=tuple((one.fact.name, one.patterns[0]) for one in searches if len(one.patterns) == 1),
        )

    def _cascade(self, cascade: Cascade) -> Plan:
        steps = tuple(self._step(step, cascade.name) for step in cascade.steps)
        return Plan(steps=steps, cascade=cascade.name, limits=cascade.limits)

    def _step(self, step: Step, salt: str) -> PlanStep:
        chain = self.chain(step.route, salt)
        if step.accept is None:
            return PlanStep(chain=chain)
        gate: Node = self.scope.compile(step.accept, self.scope.in_gate())
        return PlanStep(chain=chain, accept=node_text(gate), gate=gate)

    def chain(self, route: Route, salt: str) -> tuple[PlanLink, ...]:
        """The models of a route in order, each once."""
        links = [link for written in route.chain for link in self._links(written, salt)]
        return each_once(links)

    def _links(self, link: Link, salt: str) -> Iterator[PlanLink]:
        match link:
            case Named(name=name):
                yield from self._named(name)
            case Requested():
                yield RequestedTarget()
            case Choice() if _needs_latency(link):
                yield self._measured(link)
            case Choice():
                yield from self._ranked(link)
            case Split():
                yield self._split(link, salt)

    def _named(self, name: str) -> Iterator[Target]:
        tier = self.scope.declarations.tiers.get(name)
        if tier is not None:
            yield from (Target(model, name) for model in tier.models if model in self.cards)
        elif name in self.cards:
            yield Target(name, self.cards[name].tier)

    def _candidates(self, choice: Choice) -> list[Target]:
        targets = [target for name in choice.of for target in self._named(name)]
        return [target for target in each_once(targets) if self._qualifies(self.cards[target.model], choice)]

    def _qualifies(self, card: Card, choice: Choice) -> bool:
        """Whether the catalogue facts pass; an unknown fact does not."""
        if not card.tags.issuperset(choice.tags):
            return False
        values = {
            "quality": None if card.quality is None else Decimal(repr(card.quality)),
            "input_price": card.input_price,
            "output_price": card.output_price,
        }
        ranges = [entry for entry in choice.ranges if entry[0] in values]
        return all(passes(values[name], op, _quantities(operand, _FIELD_KINDS[name])) for name, op, operand in ranges)

    def _ranked(self, choice: Choice) -> list[Target]:
        """The candidates, best first; those whose fact is unknown come last, in written order."""

        def rank(target: Target) -> tuple[bool, Decimal | float]:
            card = self.cards[target.model]
            if choice.preference is Preference.BEST:
                return (card.quality is None, -(card.quality or 0.0))
            if card.input_price is None or card.output_price is None:
                return (True, 0.0)
            return (False, card.input_price + card.output_price)

        return sorted(self._candidates(choice), key=rank)

    def _measured(self, choice: Choice) -> FastestTarget:
        ranges = tuple(
            (op, tuple(map(float, _quantities(operand, Kind.DURATION))))
            for name, op, operand in choice.ranges
            if name == "latency"
        )
        candidates = self._candidates(choice)
        if choice.preference is not Preference.FASTEST:
            candidates = self._ranked(choice)
        return FastestTarget(tuple(candidates), ranges, choice.preference)

    def _split(self, split: Split, salt: str) -> SplitTarget:
        weights = [Fraction(repr(weight)) for _, weight in split.weights]
        total = sum(weights) or Fraction(1)
        options = [tuple(self._named(name)) for name, _ in split.weights]
        ceilings = [math.ceil(reached / total * 2**64) for reached in accumulate(weights)]
        return SplitTarget(tuple(options), tuple(ceilings), split.by or "id", f"{salt}/split")


def node_text(node: Node) -> str:
    """A condition as a person would write it on one line."""
    if not node.children or node.atom is not None:
        return node.text
    parts = [node_text(child) for child in node.children]
    if len(parts) == 1:
        return f"not ({parts[0]})"
    return "(" + f" {'and' if node.op.value == 'all' else 'or'} ".join(parts) + ")"


def each_once(links: Iterable[OneLink]) -> tuple[OneLink, ...]:
    """The links in order, each model once, for the tier that names it first."""
    first: dict[object, OneLink] = {}
    for link in links:
        first.setdefault(link.model if isinstance(link, Target) else link, link)
    return tuple(first.values())


def splits_of(route: Route) -> list[Split]:
    """The sticky choices in a route."""
    return [link for link in route.chain if isinstance(link, Split)]


def _needs_latency(choice: Choice) -> bool:
    return choice.preference is Preference.FASTEST or any(field == "latency" for field, _, _ in choice.ranges)


def passes(value: Decimal | float | None, op: str, numbers: tuple[Decimal | float, ...]) -> bool:
    """Whether a catalogue fact lies where an operator says; what is not known does not."""
    if value is None or not numbers:
        return False
    match op:
        case "lt":
            return value < numbers[0]
        case "lte":
            return value <= numbers[0]
        case "gt":
            return value > numbers[0]
        case "gte":
            return value >= numbers[0]
        case "ne" | "not_in":
            return value not in numbers
    return value in numbers


def _quantities(operand: object, kind: Kind) -> tuple[Decimal, ...]:
    """The numbers of an operand; none where one cannot be read, which is the validator's to tell."""
    try:
        return tuple(parse_quantity(one, kind) for one in (operand if isinstance(operand, tuple) else (operand,)))
    except QuantityError:
        return ()
