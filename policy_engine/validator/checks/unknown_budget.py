"""
unknown-budget: a condition reads a budget that nothing declares.

Avoid:
    budgets:
      tenant_daily: {amount: $50, window: day}
    rules:
      - {name: spend-guard, when: {budget: {tenant_dayly: {used: {gte: 90%}}}}, then: {route: fast}}
Prefer:
    budgets:
      tenant_daily: {amount: $50, window: day}
    rules:
      - {name: spend-guard, when: {budget: {tenant_daily: {used: {gte: 90%}}}}, then: {route: fast}}
Why:
    Spending is counted only for budgets that are declared. Taking the use of an unknown budget as 0 would switch the
    guard off without a word, which is what happened to others.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE310"
NAME = "unknown-budget"
SUBJECTS = ("budget",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the budget is not declared, if so."""
    name = named_in(part)[1]
    declared = site.around.declarations.budgets
    if name not in declared:
        namespace = Namespace(word="budget", sections={"budgets": declared})
        address = address_of_name(part)
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=Part.KEY)
