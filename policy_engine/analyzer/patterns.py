"""What is exact about patterns without an automaton: alternatives taken apart, and plain texts inside each other."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from policy_engine.compiler.pattern import phrase_in, phrase_pattern, plain_text, searcher

MOST_ALTERNATIVES = 40
"""A group with more alternatives stays whole."""

_FLAGS = re.compile(r"\(\?[imsU]+\)")
_OPENING = re.compile(r"\((?:\?:|\?P?<\w+>|(?!\?))")


def alternatives(pattern: str) -> tuple[str, ...]:
    """Patterns of which one is found exactly where this one is; itself if it cannot be taken apart."""
    if _is_phrase(pattern):
        return (pattern,)
    flags = match[0] if (match := _FLAGS.match(pattern)) else ""
    body = pattern.removeprefix(flags)
    parts = _split(body)
    if parts is None:
        return (pattern,)
    if len(parts) == 1:
        parts = _distributed(body) or parts
    return tuple(dict.fromkeys(flags + part for part in parts)) if len(parts) <= MOST_ALTERNATIVES else (pattern,)


def implies(outer: Plain, inner: Plain) -> bool:
    """Whether a text in which one plain pattern is found surely holds the other, too."""
    if outer == inner or (outer.ignores_case and not inner.ignores_case):
        return False
    if not inner.ignores_case:
        return not inner.is_phrase and inner.text in outer.text
    if inner.text.lower() not in outer.text.lower():
        return False
    if not inner.is_phrase:
        return inner.text.isascii()  # RE2 and Python fold other letters differently
    if not _stands_alone(inner.text.lower(), outer.text.lower()):
        return False
    # Only a phrase knows what stands beside it; beside anything else may stand a letter.
    text = outer.text if outer.is_phrase else f"a{outer.text}a"
    return searcher((phrase_pattern(inner.text),))(text) is True


def _stands_alone(inner: str, outer: str) -> bool:
    """Whether a text occurs in another without a letter or digit of the kind that it begins or ends with beside it."""
    at = outer.find(inner)
    while at >= 0:
        before, after = outer[at - 1 : at], outer[at + len(inner) : at + len(inner) + 1]
        if not ((before.isalnum() and inner[0].isalnum()) or (after.isalnum() and inner[-1].isalnum())):
            return True
        # Scripts without spaces need nothing beside them.
        if not inner.isascii():
            return True
        at = outer.find(inner, at + 1)
    return False


def pairs_of(plain: Sequence[Plain]) -> Iterator[tuple[int, int]]:
    """The places of those of which the first one surely holds the second."""
    # All texts in one: each is looked for once, however many there are.
    texts = [one.text.lower() for one in plain]
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    joined = "\0".join(texts)
    for inner, text in enumerate(texts):
        at = joined.find(text)
        while at >= 0:
            outer = bisect_right(starts, at) - 1
            if implies(plain[outer], plain[inner]):
                yield outer, inner
            at = joined.find(text, at + 1)


@dataclass(frozen=True, slots=True)
class Plain:
    """A pattern that finds one text."""

    text: str
    ignores_case: bool
    is_phrase: bool


def plain_of(pattern: str) -> Plain | None:
    """The one text that a pattern finds, or None if it finds several."""
    phrase = phrase_in(pattern)
    if phrase is not None:
        return Plain(phrase, ignores_case=True, is_phrase=True)
    body = pattern.removeprefix("(?i)")
    text = plain_text(body)
    return None if text is None else Plain(text, ignores_case=body != pattern, is_phrase=False)


def _is_phrase(pattern: str) -> bool:
    return phrase_in(pattern) is not None


def _split(body: str) -> list[str] | None:
    """The top-level alternatives of a body, or None where it has something that only a parser understands."""
    parts, depth, start = [], 0, 0
    for position, char in _significant(body):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(body[start:position])
            start = position + 1
    if "(?" in body and _FLAGS.search(body):
        return None  # flags in the middle hold for what follows
    return [*parts, body[start:]]


def _distributed(body: str) -> list[str] | None:
    """`a(?:b|c)d` as `abd` and `acd`, for the first group that has alternatives and is not repeated."""
    depth, opened = 0, 0
    for position, char in _significant(body):
        if char == "(":
            depth += 1
            opened = position if depth == 1 else opened
        elif char == ")":
            depth -= 1
            if depth == 0:
                opening = _OPENING.match(body, opened)
                following = body[position + 1 : position + 2]
                inner = _split(body[opening.end() : position]) if opening else None
                if inner is not None and len(inner) > 1 and following not in ("*", "+", "?", "{"):
                    return [body[:opened] + part + body[position + 1 :] for part in inner]
    return None


def _significant(body: str) -> Iterator[tuple[int, str]]:
    """Parentheses and bars that are neither escaped nor inside a class, with where they stand."""
    for match in _TOKEN.finditer(body):
        if match[0] in ("(", ")", "|"):
            yield match.start(), match[0]


_TOKEN = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]])*\]|.", re.DOTALL)
