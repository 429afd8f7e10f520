"""
bare-number: a number is compared without an operator.

Avoid:
    attributes:
      spend: {type: number}
    rules:
      - {name: large, when: {attributes: {spend: 5k}}, then: {route: workhorse}}
Prefer:
    attributes:
      spend: {type: number}
    rules:
      - {name: large, when: {attributes: {spend: {gte: 5k}}}, then: {route: workhorse}}
Why:
    A bare value means equality, and a measured number hardly ever equals another. Mostly a threshold was meant; so
    numbers are always written with an operator, `eq` included.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import Scalar, Test
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.validator.surroundings import Site

CODE = "PE323"
NAME = "bare-number"
SUBJECTS = ("attributes", "signal")


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that an operator is missing, if so."""
    if part.op not in ("eq", "in") or part.address.keys[-1] == part.op:
        return
    fact = site.around.facts[part.fact]
    if fact is None or not fact.kind.is_numeric:
        return
    value = part.operand[0] if isinstance(part.operand, tuple) else part.operand
    if not _is_quantity(value, fact.kind):
        return  # told by `wrong-unit`
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"`{fact.name}` is a number and needs an operator",
        address=part.address,
        help=f"write `{{gte: {value}}}` for a threshold, `{{eq: {value}}}` for exactly this number",
    )


def _is_quantity(value: Scalar, kind: Kind) -> bool:
    try:
        parse_quantity(value, kind)
    except QuantityError:
        return False
    return True
