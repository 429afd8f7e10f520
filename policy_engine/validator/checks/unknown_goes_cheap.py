"""
unknown-goes-cheap: a rule that matches when its condition is unknown leads to something cheaper than the default.

Avoid:
    rules:
      - {name: simple, when: {task: classify_intent}, on_unknown: match, then: {route: fast}}
    default: {route: workhorse}
Prefer:
    rules:
      - {name: simple, when: {task: classify_intent}, then: {route: fast}}
    default: {route: workhorse}
Why:
    A request about which nothing is known should reach `default`, never silently the cheapest tier: what is missing
    is no evidence that the request is easy. If it is meant nevertheless, lower the default.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.model.effect import Named, Respond, Route, RunCascade, Terminal
from policy_engine.model.policy import Declarations, OnUnknown, Rule
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.validator.certainty import can_be_unknown
from policy_engine.validator.read.policy import Reading
from policy_engine.validator.surroundings import Site

CODE = "PE333"
NAME = "unknown-goes-cheap"
SUBJECTS = (Reading,)


def check(part: Reading, site: Site) -> Iterator[Finding]:
    """One warning for each such rule."""
    default, declarations = part.policy.default, site.around.declarations
    if default is None or not isinstance(default.terminal, Route | RunCascade):
        return
    for rule in part.policy.rules:
        if rule.on_unknown is not OnUnknown.MATCH or rule.when is None:
            continue
        fact = can_be_unknown(rule.when, site.around.facts, declarations)
        if fact is not None and _is_cheaper(rule.then.terminal, default.terminal, declarations):
            yield _finding(rule, fact, RelatedAddress(address=default.address, message="the default is dearer"))


def _finding(rule: Rule, fact: str, default: RelatedAddress) -> Finding:
    return Finding(
        code=CODE,
        name=NAME,
        severity=Severity.WARNING,
        message=f"when `{fact}` is unknown, this rule leads to something cheaper than the default",
        address=rule.address.child("on_unknown"),
        help="leave `on_unknown` out, so that the rules below and the default decide",
        related=(default,),
    )


def _is_cheaper(own: Terminal | None, default: Route | RunCascade, declarations: Declarations) -> bool:
    if isinstance(own, Respond):
        return True
    if not isinstance(own, Route):
        return False
    first, other = _first_name(own, declarations), _first_name(default, declarations)
    if first is None or other is None or first == other:
        return False
    price, other_price = _price(first, declarations), _price(other, declarations)
    if price is not None and other_price is not None:
        return price < other_price
    rank, other_rank = _rank(first, declarations), _rank(other, declarations)
    return rank is not None and other_rank is not None and rank < other_rank


def _first_name(terminal: Route | RunCascade, declarations: Declarations) -> str | None:
    """The model or tier that is called first, where that is fixed."""
    route: Route | None
    if isinstance(terminal, RunCascade):
        cascade = declarations.cascades.get(terminal.name)
        route = cascade.steps[0].route if cascade is not None and cascade.steps else None
    else:
        route = terminal
    link = route.chain[0] if route is not None else None
    return link.name if isinstance(link, Named) else None


def _price(name: str, declarations: Declarations) -> Decimal | None:
    """Declared input plus output price of the first model, USD per million tokens."""
    tier = declarations.tiers.get(name)
    model = declarations.models.get(tier.models[0] if tier is not None and tier.models else name)
    if model is None or model.price is None:
        return None
    try:
        return sum((parse_quantity(model.price[key], Kind.MONEY) for key in ("input", "output")), Decimal(0))
    except (KeyError, QuantityError):
        return None


def _rank(name: str, declarations: Declarations) -> int | None:
    """The position of a tier, or of the first tier that holds a model; tiers are listed cheapest first."""
    for rank, tier in enumerate(declarations.tiers.values()):
        if name == tier.name or name in tier.models:
            return rank
    return None
