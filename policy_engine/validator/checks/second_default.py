"""
second-default: more than one file says what happens when no rule decides.

Avoid:
    # first.yaml
    default: {route: workhorse}
    # second.yaml
    default: {route: fast}
Prefer:
    # first.yaml
    default: {route: workhorse}
    # second.yaml
    rules:
      - {name: structured, when: {task: classify_intent}, then: {route: fast}}
Why:
    `default` decides for the whole bundle. Which of two applies would depend on the names of the files. An overlay
    may replace it for one environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, RelatedAddress, Severity
from policy_engine.validator.read.policy import Reading
from policy_engine.validator.surroundings import Site

CODE = "PE330"
NAME = "second-default"
SUBJECTS = (Reading,)


def check(part: Reading, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each `default` after the first."""
    for address in part.defaults[1:]:
        first = RelatedAddress(address=part.defaults[0], message="first stated here", part=Part.KEY)
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message="`default` is stated twice",
            address=address,
            part=Part.KEY,
            help="keep one; for part of the requests, write a rule without `when` in a file that has its own `when`",
            related=(first,),
        )
