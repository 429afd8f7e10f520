"""How findings about rules are told: places, names and the requests that show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from policy_engine.analyzer.study import Fate, Study
from policy_engine.compiler.rule import CompiledRule
from policy_engine.diagnostics import Address, Finding, RelatedAddress, Severity

MOST_RELATED = 5
"""Related places that one finding shows."""


class Page(Protocol):
    """The module of a code, whose docstring is its manual page."""

    CODE: str
    NAME: str
    SEVERITY: Severity


def finding(
    page: Page,
    message: str,
    address: Address,
    *,
    help: str,
    related: Iterable[RelatedAddress] = (),
    witness: Mapping[str, Any] | None = None,
) -> Finding:
    """A finding of a code, at its usual severity."""
    return Finding(
        code=page.CODE,
        name=page.NAME,
        severity=page.SEVERITY,
        message=message,
        address=address,
        help=help,
        related=tuple(related)[:MOST_RELATED],
        witness=witness,
    )


def name_of(rule: CompiledRule) -> Address:
    """Where a rule is named."""
    return rule.rule.address.child("name")


def place_of(rule: CompiledRule, message: str) -> RelatedAddress:
    """A rule as a related place."""
    return RelatedAddress(address=name_of(rule), message=message)


def taken(study: Study, fate: Fate) -> dict[str, Any] | None:
    """A request that a covered rule would match and that another decides, as the evaluator confirms."""
    rule = study.rules[fate.number]
    for one in fate.covered_by:
        taker = study.rules[one]
        formulas = (study.firings[fate.number].matches, study.ends_at(one), *study.past(study.before(one)))

        def is_shown(request: Mapping[str, Any], taker: CompiledRule = taker) -> bool:
            decided = study.oracle.decision(request).rule
            return decided in (taker.name, None) and study.oracle.matches(rule, request)

        found = study.witness(formulas, is_shown, seeds=study.seeds(rule, taker))
        if found is not None:
            return found
    return None
