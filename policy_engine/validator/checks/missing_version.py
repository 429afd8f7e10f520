"""
missing-version: no file says which version of the policy language it is written in.

Avoid:
    rules:
      - {name: greetings, when: {message: {contains: hello}}, then: {respond: {text: "Hello!"}}}
    default: {deny: {status: 404, message: nothing to say about this}}
Prefer:
    version: 1
    rules:
      - {name: greetings, when: {message: {contains: hello}}, then: {respond: {text: "Hello!"}}}
    default: {deny: {status: 404, message: nothing to say about this}}
Why:
    A later version of the language may give a word another meaning. With the version written down, an old bundle goes
    on meaning what it meant, or is refused with a hint how to move it. One file of a bundle must have it.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.validator.read.policy import Reading
from policy_engine.validator.surroundings import Site

CODE = "PE331"
NAME = "missing-version"
SUBJECTS = (Reading,)


def check(part: Reading, site: Site) -> Iterator[Finding]:
    """The finding that no file has a `version`, at the first file."""
    if "version" in part.sections or site.around.losses.may_say("version") or not part.paths:
        return
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message="no file says its `version`",
        address=Address(part.paths[0]),
        help="begin one file with `version: 1`",
    )
