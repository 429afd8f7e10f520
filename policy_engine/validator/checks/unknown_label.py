"""
unknown-label: a condition waits for a label that its classifier cannot give.

Avoid:
    classifiers:
      complexity: {file: classifiers/complexity.json, labels: [easy, hard]}
    rules:
      - {name: hard, when: {classifier: {complexity: {label: heard}}}, then: {route: frontier}}
Prefer:
    classifiers:
      complexity: {file: classifiers/complexity.json, labels: [easy, hard]}
    rules:
      - {name: hard, when: {classifier: {complexity: {label: hard}}}, then: {route: frontier}}
Why:
    The labels of a classifier are declared with it. A rule that compares with another one never matches, and one that
    compares with `ne` always does.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, RelatedAddress, Severity
from policy_engine.model.condition import Test
from policy_engine.validator.suggestion import help_for_word
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import named_in, values_in

CODE = "PE308"
NAME = "unknown-label"
SUBJECTS = ("classifier",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """One finding for each label that the classifier does not have."""
    name = named_in(part)[1]
    if not part.fact.endswith(".label") or part.op not in ("eq", "ne", "in", "not_in"):
        return
    classifier = site.around.declarations.classifiers.get(name)
    labels = classifier.value.get("labels") if classifier is not None else None
    if classifier is None or not isinstance(labels, list) or not labels:
        return
    for value, address in values_in(part):
        if isinstance(value, str) and value not in labels:
            place = classifier.address.child("labels")
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"classifier `{name}` has no label `{value}`",
                address=address,
                help=help_for_word(value, [label for label in labels if isinstance(label, str)]),
                related=(RelatedAddress(address=place, message="its labels are declared here", part=Part.KEY),),
            )
