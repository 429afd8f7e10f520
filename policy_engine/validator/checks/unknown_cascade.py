"""
unknown-cascade: an effect or a condition names a cascade that nothing declares.

Avoid:
    cascades:
      careful: {steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: carefull}}
Prefer:
    cascades:
      careful: {steps: [{route: fast, accept: {output: {chars: {gte: 40}}}}, {route: frontier}]}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {cascade: careful}}
Why:
    The steps of a cascade, what each answer must pass and the limits are declared under `cascades`. Without them
    there is nothing to run and nothing to count.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Part
from policy_engine.model.condition import Test
from policy_engine.model.effect import RunCascade
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE311"
NAME = "unknown-cascade"
SUBJECTS = ("escalation", RunCascade)


def check(part: Test | RunCascade, site: Site) -> Iterator[Finding]:
    """The finding that the cascade is not declared, if so."""
    name, address, place = _cascade_in(part)
    if name not in site.around.declarations.cascades:
        namespace = Namespace(word="cascade", sections={"cascades": site.around.declarations.cascades})
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=place)


def _cascade_in(part: Test | RunCascade) -> tuple[str, Address, Part]:
    if isinstance(part, RunCascade):
        return part.name, part.address, Part.VALUE
    return named_in(part)[1], address_of_name(part), Part.KEY
