"""
unknown-phrases: `similar` names a list of phrases that nothing declares.

Avoid:
    phrases:
      refunds: {embedder: hashed, of: ["I want my money back"]}
    rules:
      - {name: refunds, when: {similar: {refund: {gte: 0.8}}}, then: {route: workhorse}}
Prefer:
    phrases:
      refunds: {embedder: hashed, of: ["I want my money back"]}
    rules:
      - {name: refunds, when: {similar: {refunds: {gte: 0.8}}}, then: {route: workhorse}}
Why:
    Similarity is measured against the phrases of a list declared under `phrases`, with the embedder named there.
    Without the list there is nothing to compare with.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE309"
NAME = "unknown-phrases"
SUBJECTS = ("similar",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the phrases is not declared, if so."""
    name = named_in(part)[1]
    declared = site.around.declarations.phrases
    if name not in declared:
        namespace = Namespace(word="phrases", sections={"phrases": declared})
        address = address_of_name(part)
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=Part.KEY)
