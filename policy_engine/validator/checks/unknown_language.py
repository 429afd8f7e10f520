"""
unknown-language: a condition waits for a language by something that is no ISO 639-1 code.

Avoid:
    rules:
      - {name: in-german, when: {message: {language: german}}, then: {route: workhorse}}
Prefer:
    rules:
      - {name: in-german, when: {message: {language: de}}, then: {route: workhorse}}
Why:
    Languages are told by their codes of two letters. A rule that waits for anything else never matches, and one that
    compares with `ne` always does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import Test
from policy_engine.model.languages import LANGUAGES
from policy_engine.validator.suggestion import closest
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import values_in

CODE = "PE345"
NAME = "unknown-language"
SUBJECTS = ("message.language", "input.language")

_LOCALE: Final = re.compile(r"^([A-Za-z]{2})(?:[-_].*)?$")


def check(part: Test, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (every check's signature)
    """One finding for each value that is no code of a language."""
    if part.op not in ("eq", "ne", "in", "not_in"):
        return
    for value, address in values_in(part):
        if isinstance(value, str) and value not in LANGUAGES:
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"no language has the code `{value}`",
                address=address,
                help=_help(value),
            )


def _help(value: str) -> str:
    locale = _LOCALE.match(value)
    if locale is not None and locale[1].lower() in LANGUAGES:
        return f"did you mean `{locale[1].lower()}`?"
    codes = {name: code for code, name in LANGUAGES.items()}
    name = closest(value, codes)
    return "write a code of ISO 639-1, such as `de` or `en`" if name is None else f"did you mean `{codes[name]}`?"
