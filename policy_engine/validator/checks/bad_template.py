"""
bad-template: a `$` in a template that begins no placeholder, or a template that is no text.

Avoid:
    # rules.yaml
    rules:
      - {name: prices, when: {message: {contains: price}}, then: {respond: {template: prices.txt}}}
    # prices.txt
    It is $5 a month.
Prefer:
    # rules.yaml
    rules:
      - {name: prices, when: {message: {contains: price}}, then: {respond: {template: prices.txt}}}
    # prices.txt
    It is $$5 a month.
Why:
    In a template `$name` and `${name}` stand for values and `$$` for a dollar sign. Any other `$` is a slip, and
    would show only when the answer is given.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.effect import Respond
from policy_engine.validator.surroundings import Site
from policy_engine.validator.template import placeholders_in, template_text

CODE = "PE336"
NAME = "bad-template"
SUBJECTS = (Respond,)


def check(part: Respond, site: Site) -> Iterator[Finding]:
    """One finding for each stray dollar sign."""
    content = site.around.declarations.assets.get(part.template or "")
    if content is None:
        return
    text = template_text(content)
    if text is None:
        yield _finding(part, f"template `{part.template}` is not UTF-8 text", "save it as UTF-8")
    for placeholder in placeholders_in(text or ""):
        if placeholder.name is None:
            message = f"a `$` begins no placeholder (line {placeholder.line} of the template)"
            yield _finding(part, message, "write `$$` for a dollar sign, `${name}` for a placeholder")


def _finding(part: Respond, message: str, help: str) -> Finding:
    address = part.address.child("template")
    return Finding(code=CODE, name=NAME, severity=Severity.ERROR, message=message, address=address, help=help)
