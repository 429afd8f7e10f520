"""
sample-without-salt: a sample outside a rule does not say its salt.

Avoid:
    conditions:
      pilot: {sample: {share: 10%, by: id}}
    rules:
      - {name: pilot, when: {condition: pilot}, then: {route: frontier}}
Prefer:
    conditions:
      pilot: {sample: {share: 10%, by: id, salt: pilot}}
    rules:
      - {name: pilot, when: {condition: pilot}, then: {route: frontier}}
Why:
    Who belongs to a sample depends on its salt, which in a rule is the rule's name. Where there is no rule (in named
    conditions, scores, gates and a file's own `when`) it must be stated, or it would not be clear whether two rules
    that use the condition mean the same people.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.condition import SampleTest
from policy_engine.validator.surroundings import Site

CODE = "PE325"
NAME = "sample-without-salt"
SUBJECTS = (SampleTest,)


def check(part: SampleTest, site: Site) -> Iterator[Finding]:
    """The finding that the salt is missing, if so."""
    in_rule = site.rule is not None and part.address.keys[0] == "rules"
    if part.salt is None and not in_rule:
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message="this sample needs a `salt`, as it stands in no rule",
            address=part.address,
            part=Part.KEY,
            help="add `salt: NAME`; samples with one salt choose the same requests",
        )
