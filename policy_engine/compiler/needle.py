"""A text that whatever matches a pattern contains: where it is absent, the pattern need not be searched for."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST_NEEDLES = 2
"""Looking for so many texts is still far cheaper than searching for a pattern."""

_TOKENS = re.compile(
    r"""
    (?P<escaped>\\[^\w\s?])                                # an escaped character that stands for itself
    |(?P<other>\\[bBAzdDwWsS]                              # a boundary or a kind of character
        |\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\\[])*\]         # one of a set
        |[.^$])
    |(?P<optional>\*\??|\?\??|\{\d+(?:,\d*)?\}\??)         # maybe not at all
    |(?P<repeated>\+\??)
    |(?P<opening>\((?:\?:|(?!\?)))
    |(?P<closing>\))
    |(?P<alternative>\|)
    |(?P<plain>[^\\\[\](){}.^$*+?|])
    """,
    re.VERBOSE | re.DOTALL,
)

_REPEATS = ("optional", "repeated")


def needles_of(patterns: Iterable[str]) -> tuple[str, ...]:
    """At most `MOST_NEEDLES` texts, of which one is in whatever matches any of the patterns; none if that is unsure."""
    needles: dict[str, None] = {}
    for pattern in patterns:
        needle = needle_of(pattern)
        if needle is None:
            return ()
        needles[needle] = None
        if len(needles) > MOST_NEEDLES:
            return ()
    return tuple(needles)


def needle_of(pattern: str) -> str | None:
    """
    The longest text that certainly stands in whatever matches a pattern; None where there is none, or no simple one.

    It reads the plain part of RE2's syntax only: flags, alternatives outside of groups and escapes by number or name
    end the attempt. `?` is no part of it, since the searched text has one where the original has half a surrogate pair.
    """
    run, runs = "", [""]
    depth, position, kind = 0, 0, None
    while position < len(pattern):
        token, before = _TOKENS.match(pattern, position), kind
        if token is None:
            return None
        position = token.end()
        kind = token.lastgroup
        if (kind == "alternative" and depth == 0) or (kind in _REPEATS and before in _REPEATS):
            return None
        depth += (kind == "opening") - (kind == "closing")
        if depth == 0 and kind in ("escaped", "plain"):
            run += token[0][-1]
            continue
        if kind == "optional":
            run = run[:-1]
        runs.append(run)
        run = ""
    return max(*runs, run, key=len) or None
