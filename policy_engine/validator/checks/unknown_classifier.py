"""
unknown-classifier: a condition asks a classifier that nothing declares.

Avoid:
    classifiers:
      complexity: {file: classifiers/complexity.json, labels: [fast, workhorse]}
    rules:
      - {name: simple, when: {classifier: {complexty: {label: fast}}}, then: {route: fast}}
Prefer:
    classifiers:
      complexity: {file: classifiers/complexity.json, labels: [fast, workhorse]}
    rules:
      - {name: simple, when: {classifier: {complexity: {label: fast}}}, then: {route: fast}}
Why:
    A classifier is a file that was trained beforehand; its declaration under `classifiers` says which file, and which
    labels it can give. One that is not declared can never answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE307"
NAME = "unknown-classifier"
SUBJECTS = ("classifier",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the classifier is not declared, if so."""
    name = named_in(part)[1]
    declared = site.around.declarations.classifiers
    if name not in declared:
        namespace = Namespace(word="classifier", sections={"classifiers": declared})
        address = address_of_name(part)
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=Part.KEY)
