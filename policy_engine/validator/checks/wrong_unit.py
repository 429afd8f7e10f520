"""
wrong-unit: a quantity does not mean what its place needs.

Avoid:
    attributes:
      seats: {type: integer}
    rules:
      - {name: large, when: {attributes: {seats: {gt: 30%}}}, then: {route: workhorse}}
Prefer:
    attributes:
      seats: {type: integer}
    rules:
      - {name: large, when: {attributes: {seats: {gt: 30}}}, then: {route: workhorse}}
Why:
    Units say what a number means: `8k` is a count, `400ms` a duration, `$50` money, `30%` a share. A unit of another
    kind is a slip, and so is a duration without a unit; guessing would be wrong by a factor of 1,000 now and then.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import Test
from policy_engine.model.quantity import QuantityError, parse_quantity
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import values_in

CODE = "PE317"
NAME = "wrong-unit"
SUBJECTS = ("attributes", "signal")  # of other facts the schema knows the unit
_NUMERIC_OPERATORS = frozenset(("eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in"))


def check(part: Test, site: Site) -> Iterator[Finding]:
    """One finding for each quantity that cannot be read as its attribute or signal needs."""
    fact = site.around.facts[part.fact]
    if fact is None or not fact.kind.is_numeric or part.op not in _NUMERIC_OPERATORS:
        return
    for value, address in values_in(part):
        if isinstance(value, bool):
            continue  # told by `mismatched-value`
        try:
            parse_quantity(value, fact.kind)
        except QuantityError as problem:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=problem.reason,
                address=address,
                help=problem.help,
            )
