"""
unknown-tier: a route names a tier or model that nothing declares.

Avoid:
    rules:
      - {name: contracts, when: {task: analyze_contract}, then: {route: workhrose}}
Prefer:
    rules:
      - {name: contracts, when: {task: analyze_contract}, then: {route: workhorse}}
Why:
    Tiers and models share one namespace, and a route may name either. A name that is neither could only fail when the
    first request comes; so it is told now, wherever routes are written: in rules, cascade steps, splits, choices,
    shadows, in what happens at a limit, and in conditions on the tier of a session.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part
from policy_engine.model.condition import Test
from policy_engine.model.effect import Choice, Limit, Named, Split
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import names_compared

CODE = "PE301"
NAME = "unknown-tier"
SUBJECTS = (Named, Choice, Split, Limit, "session")


def check(part: Named | Choice | Split | Limit | Test, site: Site) -> Iterator[Finding]:
    """One finding for each name in a route that is neither a tier nor a model, and each name for `session.tier`."""
    tiers, models = site.around.declarations.tiers, site.around.declarations.models
    if isinstance(part, Named) and (part.name in tiers or part.name in models):  # nearly always
        return
    sections = {"tiers": tiers} if isinstance(part, Test) else {"tiers": tiers, "models": models}
    for name, address, place in _names_in(part):
        if not any(name in names for names in sections.values()):
            namespace = Namespace(word="tier", sections=sections)
            yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=place)


def _names_in(part: Named | Choice | Split | Limit | Test) -> Iterator[tuple[str, Address, Part]]:
    if isinstance(part, Named):
        yield part.name, part.address, Part.VALUE
    elif isinstance(part, Choice):
        for position, name in enumerate(part.of):
            if name != "requested":
                yield name, part.address.child(part.preference.value, position), Part.VALUE
    elif isinstance(part, Split):
        for name, _ in part.weights:
            if name != "requested":
                yield name, part.address.child("split", name), Part.KEY
    elif isinstance(part, Test):
        if part.fact == "session.tier":
            yield from names_compared(part)
    elif isinstance(part.otherwise, str) and part.otherwise not in ("last_answer", "fail"):
        yield part.otherwise, part.address.child("otherwise"), Part.VALUE
