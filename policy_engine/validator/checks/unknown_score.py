"""
unknown-score: a condition reads a score that nothing declares.

Avoid:
    scores:
      difficulty:
        - {when: {message: {tokens: {gt: 800}}}, points: 0.4}
    rules:
      - {name: hard, when: {score: {dificulty: {gte: 0.4}}}, then: {route: frontier}}
Prefer:
    scores:
      difficulty:
        - {when: {message: {tokens: {gt: 800}}}, points: 0.4}
    rules:
      - {name: hard, when: {score: {difficulty: {gte: 0.4}}}, then: {route: frontier}}
Why:
    A score is the sum of points that its declaration under `scores` gives. Without one there is nothing to add up,
    and treating it as 0 would send hard requests to the cheap tier.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE305"
NAME = "unknown-score"
SUBJECTS = ("score",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the score is not declared, if so."""
    name = named_in(part)[1]
    declared = site.around.declarations.scores
    if name not in declared:
        namespace = Namespace(word="score", sections={"scores": declared})
        address = address_of_name(part)
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=Part.KEY)
