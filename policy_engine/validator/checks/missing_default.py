"""
missing-default: the bundle does not say what happens when no rule decides.

Avoid:
    version: 1
    rules:
      - {name: greetings, when: {message: {contains: hello}}, then: {respond: {text: "Hello!"}}}
Prefer:
    version: 1
    rules:
      - {name: greetings, when: {message: {contains: hello}}, then: {respond: {text: "Hello!"}}}
    default: {deny: {status: 404, message: nothing to say about this}}
Why:
    Some request will always match no rule, such as one about which nothing is known. What happens then is a decision
    that somebody should take; it is never taken silently in favour of the cheapest tier.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.validator.read.policy import Reading
from policy_engine.validator.surroundings import Site

CODE = "PE329"
NAME = "missing-default"
SUBJECTS = (Reading,)


def check(part: Reading, site: Site) -> Iterator[Finding]:
    """The finding that there is no `default`, at the first file that has rules."""
    if part.policy.default is not None or site.around.losses.may_say("default") or not part.paths:
        return
    rules = part.sections.get("rules")
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message="nothing says what happens when no rule decides",
        address=Address(part.paths[0] if rules is None else rules.path),
        help="add `default: {route: TIER}` to one file",
    )
