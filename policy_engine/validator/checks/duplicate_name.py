"""
duplicate-name: two entries of one section have the same name.

Avoid:
    rules:
      - {name: greetings, when: {message: {contains: hello}}, then: {route: fast}}
      - {name: greetings, when: {message: {contains: hi}}, then: {route: fast}}
Prefer:
    rules:
      - {name: greetings, when: {message: {contains: [hello, hi]}}, then: {route: fast}}
Why:
    Names are global in a bundle, whichever file they stand in, and tiers and models share one namespace: a decision
    names its rule, a route its tier. If two had one name, nobody could tell which was meant. A file under `overlays/`
    may replace an entry by its name; that is no duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, RelatedAddress, Severity
from policy_engine.validator.read.policy import Duplicate, Reading
from policy_engine.validator.surroundings import Site

CODE = "PE315"
NAME = "duplicate-name"
SUBJECTS = (Reading,)


def check(part: Reading, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each name that was given before."""
    for duplicate in part.duplicates:
        alike = duplicate.word == duplicate.first_word
        first = RelatedAddress(address=duplicate.first, message="first declared here", part=duplicate.first_part)
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message=f"{duplicate.word} `{duplicate.name}` is declared twice" if alike else _both(duplicate),
            address=duplicate.address,
            part=duplicate.part,
            help="rename or remove one of the two",
            related=(first,),
        )


def _both(duplicate: Duplicate) -> str:
    return f"`{duplicate.name}` is a {duplicate.first_word} and a {duplicate.word}"
