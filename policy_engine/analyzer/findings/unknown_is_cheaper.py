"""
unknown-is-cheaper: a request is routed to something cheaper because something about it is unknown.

Avoid:
    rules:
      - {name: free, when: {attributes: {plan: free}}, then: {route: workhorse}}
      - {name: paying, when: {attributes: {plan: [pro, enterprise]}}, then: {route: frontier}}
      - {name: replies, when: {task: generate_reply}, then: {route: fast}}
Prefer:
    rules:
      - {name: free, when: {attributes: {plan: free}}, then: {route: workhorse}}
      - {name: paying, when: {attributes: {plan: [pro, enterprise]}}, then: {route: frontier}}
      - {name: replies, when: {task: generate_reply, attributes: {plan: {exists: true}}}, then: {route: fast}}
Why:
    Whatever the plan were, the request would go to something dearer; because nobody said, it goes to the cheapest. What
    is missing is no evidence that a request is easy. The same is told of a rule that matches on unknown what a later
    rule would give something dearer. The witness lacks the fact.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from policy_engine.analyzer.cells import Mark
from policy_engine.analyzer.formula import literal
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding, name_of, place_of
from policy_engine.compiler.atoms import Exists, InSet
from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.probes import facts_of
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.model.condition import Scalar
from policy_engine.model.plan import Plan
from policy_engine.model.policy import OnUnknown
from policy_engine.model.vocabulary import Fact, fact_named

CODE = "PE515"
NAME = "unknown-is-cheaper"
SEVERITY = Severity.WARNING

MOST_VALUES = 12
MOST_QUESTIONS = 150
"""How many values an attribute may have, and how many pairs of rule and attribute are looked at."""


def find(study: Study) -> Iterator[Finding]:
    """One finding for each rule that gets requests only because something is unknown."""
    facts = list(_choices(study))
    left = {fact: set(fact.choices or ()) for fact in facts}
    asked = 0
    for number, rule in enumerate(study.rules):
        if number:
            _strike_off(left, study.rules[number - 1])
        price = None if rule.verdict is None else _price(rule.verdict.plan, study)
        if price is None or study.fates[number].is_impossible or study.fates[number].covered_by:
            continue
        if rule.on_unknown is OnUnknown.MATCH:
            yield from _matched_on_unknown(study, number, price)
        for fact in facts:
            if left[fact]:
                continue  # some value goes past all rules so far, as the unknown does
            asked += 1
            if asked > MOST_QUESTIONS:
                return
            witness = _cheaper_without(study, number, fact, price)
            if witness is not None:
                yield finding(
                    sys.modules[__name__],
                    f"only where `{fact.name}` is unknown, requests go to rule `{rule.name}`, which is cheaper than "
                    "for any value",
                    name_of(rule),
                    help=f"ask for `{fact.name.partition('.')[2]}: {{exists: true}}` in this rule, or state what the "
                    "unknown gets",
                    witness=witness,
                )
                break


def _strike_off(left: dict[Fact, set[Scalar]], rule: CompiledRule) -> None:
    """Takes out the values that a rule asks for."""
    for fact, values in left.items():
        if values:
            for node in rule.conditions:
                values.difference_update(_asked(node, fact, wanted=True))


def _asked(node: Node, fact: Fact, *, wanted: bool) -> Iterator[Scalar]:
    """The values of a fact that a condition asks for by name, or leaves over."""
    atom = node.atom
    if node.op is Op.NOT:
        yield from _asked(node.children[0], fact, wanted=not wanted)
    elif node.children:
        for child in node.children:
            yield from _asked(child, fact, wanted=wanted)
    elif atom is not None and fact in facts_of(atom):
        # What is no plain test of a value may ask for any.
        values = atom.values if isinstance(atom, InSet) else None
        yield from (one for one in fact.choices or () if values is None or (one in values) is wanted)


def _choices(study: Study) -> Iterator[Fact]:
    """Attributes with few values and no default, whose absence no rule asks for."""
    declarations = study.policy_set.declarations
    asked = {
        leaf.atom.attribute
        for rule in study.rules
        for node in rule.conditions
        for leaf in leaves(node)
        if isinstance(leaf.atom, Exists)
    }
    read = {fact.name for fact in study.domains.facts.values()}
    for name, attribute in declarations.attributes.items():
        fact = fact_named(f"attributes.{name}", declarations)
        if fact is None or attribute.default is not None or name in asked or fact.name not in read:
            continue
        if fact.choices is not None and len(fact.choices) <= MOST_VALUES:
            yield fact


def _cheaper_without(study: Study, number: int, fact: Fact, price: Decimal) -> dict[str, Any] | None:
    rule = study.rules[number]
    space, variable = study.domains.space, study.domains.of_known(fact)
    absent = sum(1 << i for i, cell in enumerate(space.cells[variable]) if cell is Mark.ABSENT)
    formulas = (study.firings[number].matches, literal(variable, absent, space.full))

    def is_shown(request: Mapping[str, Any]) -> bool:
        return study.oracle.decides(rule, request) and all(
            _is_dearer(study, _with(request, fact, value), rule, price) for value in fact.choices or ()
        )

    return study.witness((*formulas, *study.past(study.before(number))), is_shown, seeds=study.seeds(rule))


def _is_dearer(study: Study, request: Mapping[str, Any], rule: CompiledRule, price: Decimal) -> bool:
    decision = study.oracle.decision(request)
    other = _price(decision.plan, study)
    return decision.rule not in (rule.name, None) and other is not None and other > price


def _with(request: Mapping[str, Any], fact: Fact, value: object) -> dict[str, Any]:
    name = fact.name.partition(".")[2]
    return {**request, "attributes": {**request.get("attributes", {}), name: value}}


def _matched_on_unknown(study: Study, number: int, price: Decimal) -> Iterator[Finding]:
    """The finding about a rule that takes the unknown from a later rule that would give something dearer."""
    rule = study.rules[number]
    truths = study.truths(rule.node) if rule.node is not None else None
    if truths is None:
        return
    others = [one for one in study.rules[number + 1 :] if one.verdict is not None]
    unknown = (study.opposite(truths.true), study.opposite(truths.false))

    def later(request: Mapping[str, Any]) -> CompiledRule | None:
        return next((one for one in others if study.oracle.matches(one, request)), None)

    def is_shown(request: Mapping[str, Any]) -> bool:
        other = later(request)
        dearer = None if other is None or other.verdict is None else _price(other.verdict.plan, study)
        return dearer is not None and dearer > price and study.oracle.decides(rule, request)

    witness = study.witness((*unknown, study.firings[number].matches, *study.past(study.before(number))), is_shown)
    if witness is None:
        return
    other = later(witness)
    related: list[RelatedAddress] = [] if other is None else [place_of(other, "this rule would decide, and is dearer")]
    yield finding(
        sys.modules[__name__],
        f"rule `{rule.name}` matches what is unknown, and gives it something cheaper than a later rule would",
        rule.rule.address.child("on_unknown"),
        help="leave `on_unknown` out, so that the rules below and the default decide",
        related=related,
        witness=witness,
    )


def _price(plan: Plan, study: Study) -> Decimal | None:
    """Input plus output price of the first model, USD per million tokens; None where no model is sure to be called."""
    first = plan.first_target()
    card = None if first is None else study.policy_set.cards[first.model]
    if card is None or card.input_price is None or card.output_price is None:
        return None
    return card.input_price + card.output_price
