"""The placeholders of an answer template: Python's `string.Template`, with dotted names."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass


class DottedTemplate(string.Template):
    """A template whose placeholders may be dotted: `$order_id`, `${attributes.plan}`."""

    idpattern = r"(?a:[_a-z][_a-z0-9]*(?:\.[_a-z][_a-z0-9]*)*)"
    braceidpattern = r"(?a:[_a-z][_a-z0-9]*(?:\.[_a-z][_a-z0-9-]*)*)"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `$` in a template: the name that follows it, or None if what follows is no name; `line` is 1-based."""

    name: str | None
    line: int


def placeholders_in(text: str) -> Iterator[Placeholder]:
    """The placeholders of a template in order; `$$`, a dollar sign, is none."""
    for match in DottedTemplate.pattern.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        name = match["named"] or match["braced"]
        if name is not None or match["invalid"] is not None:
            yield Placeholder(name, line)


def template_text(content: bytes) -> str | None:
    """The text of a template file, or None if it is no UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
