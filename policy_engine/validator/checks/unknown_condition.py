"""
unknown-condition: `condition` names a condition that nothing declares.

Avoid:
    conditions:
      high_stakes: {attributes: {stakes: high}}
    rules:
      - {name: careful, when: {condition: high_stake}, then: {route: frontier}}
Prefer:
    conditions:
      high_stakes: {attributes: {stakes: high}}
    rules:
      - {name: careful, when: {condition: high_stakes}, then: {route: frontier}}
Why:
    A condition is declared once, under `conditions`, and used by name wherever it is needed. A name without a
    declaration says nothing, neither true nor false.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding
from policy_engine.model.condition import Reference
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name

CODE = "PE304"
NAME = "unknown-condition"
SUBJECTS = (Reference,)


def check(part: Reference, site: Site) -> Iterator[Finding]:
    """The finding that the condition is not declared, if so."""
    declared = site.around.declarations.conditions
    if part.name not in declared:
        namespace = Namespace(word="condition", sections={"conditions": declared})
        yield from unknown_name(part.name, namespace, code=(CODE, NAME), site=site, address=part.address)
