"""Regular expressions and phrases as RE2 patterns: checked, compiled once, searched in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import re2

from policy_engine.compiler.refused_pattern import meaning_of

SCANNED_BYTES = 256_000
"""How much of a text is searched at most; beyond it, not finding something is unknown."""

_BESIDE = r"[^\pL\pN\pM_]"
_BEFORE = rf"(?:^|{_BESIDE})"
_AFTER = rf"(?:$|{_BESIDE})"
_META = re.compile(r"[.^$*+?()\[\]{}|\\]")
_ESCAPED = re.compile(r"\\([^\w])|\\(x\{[0-9a-fA-F]+\}|[0-9A-Za-z_])")
_ASCII_CLASS_BESIDE_LETTER = re.compile(r"\\[bwdBWD][+*?]?[^\W\d_a-zA-Z]|[^\W\d_a-zA-Z][+*?]?\\[bwdBWD]")


class PatternError(ValueError):
    """
    A pattern that RE2 refuses.

    Attributes:
        reason: in words.
        help: what to write instead.
    """

    def __init__(self, reason: str, help: str) -> None:
        self.reason = reason
        self.help = help
        super().__init__(reason)


def re2_options() -> re2.Options:
    """Options that keep RE2 from writing to standard error."""
    options = re2.Options()
    options.log_errors = False
    return options


def compile_pattern(pattern: str) -> re2._Regexp:
    """
    A pattern ready to search.

    Raises:
        PatternError: RE2 refuses it.
    """
    try:
        return re2.compile(pattern, re2_options())
    except re2.error as problem:
        raise PatternError(*meaning_of(_complaint(problem))) from None
    except UnicodeEncodeError:
        raise PatternError("half of a surrogate pair is no character", "write the character itself") from None


def has_ascii_class_beside_letter(pattern: str) -> bool:
    r"""Whether `\b`, `\w` or `\d` stands beside a letter outside ASCII, where it does not do what it seems to."""
    return not pattern.isascii() and _ASCII_CLASS_BESIDE_LETTER.search(pattern) is not None


def phrase_pattern(phrase: str) -> str:
    """
    The pattern that finds a word or phrase, in any case, with no letter, digit, mark or `_` beside it.

    An end in punctuation, or in a script that writes no spaces, needs no boundary.
    """
    before = _BEFORE if _needs_boundary(phrase[0]) else ""
    after = _AFTER if _needs_boundary(phrase[-1]) else ""
    return f"(?i){before}{re2.escape(phrase)}{after}"


def phrase_in(pattern: str) -> str | None:
    """The phrase that a `contains` pattern looks for, or None for any other pattern."""
    if not pattern.startswith("(?i)"):
        return None
    text = plain_text(pattern.removeprefix("(?i)").removeprefix(_BEFORE).removesuffix(_AFTER))
    return text if text and phrase_pattern(text) == pattern else None


def plain_text(body: str) -> str | None:
    """The one text that a pattern without flags stands for; None where it has operators."""
    text, position = [], 0
    while position < len(body):
        match = _ESCAPED.match(body, position)
        if match is not None:
            if match[1] is None:
                return None
            text.append(match[1])
            position = match.end()
        elif _META.match(body, position):
            return None
        else:
            text.append(body[position])
            position += 1
    return "".join(text)


def without_boundaries(pattern: str) -> str:
    """The pattern without what a phrase has around it: far smaller, it finds all that the pattern finds, and more."""
    start = f"(?i){_BEFORE}"
    bare = f"(?i){pattern.removeprefix(start)}" if pattern.startswith(start) else pattern
    return bare.removesuffix(_AFTER)


def glob_pattern(glob: str) -> str:
    """The pattern that matches a whole text: `*` is any run, `?` one character, `[a-z]` and `[!a-z]` one of a set."""
    parts = (_glob_part(part) for part in _GLOB_PARTS.findall(glob))
    return r"(?s)^" + "".join(parts) + r"$"


_GLOB_PARTS = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


def _glob_part(part: str) -> str:
    if len(part) == 1:
        return {"*": ".*", "?": "."}.get(part) or str(re2.escape(part))
    inner = part[1:-1].replace("\\", r"\\").replace("[", r"\[")
    one_of = f"[^{inner[1:]}]" if inner.startswith("!") else "[" + inner.replace("^", r"\^") + "]"
    try:
        compile_pattern(one_of)
    except PatternError:
        return str(re2.escape(part))  # no set of characters, such as `[z-a]`: the text itself
    return one_of


def searcher(patterns: Sequence[str]) -> Callable[[str], bool | None]:
    """
    A function that says whether any of these patterns is in a text; they are compiled when it is first called.

    Returns:
        True if one is found, False if none is, None if the text is too long to be sure.
    """
    searches: list[Any] = []

    def search(text: str) -> bool | None:
        if not searches:
            searches.extend(_searches(patterns))
        encoded = encode(text)
        head = encoded[:SCANNED_BYTES]
        for found in searches:
            if found(head) is not None:
                return True
        return False if len(encoded) <= SCANNED_BYTES else None

    return search


def _searches(patterns: Sequence[str]) -> list[Any]:
    """One search for all patterns, or one for each where they are too much for one."""
    try:
        return [compile_pattern("|".join(f"(?:{pattern})" for pattern in patterns)).search]
    except PatternError:
        return [compile_pattern(pattern).search for pattern in patterns]


def encode(text: str) -> bytes:
    """A text as the UTF-8 that RE2 reads; a lone surrogate becomes `?`."""
    return text.encode("utf-8", "replace")


def _needs_boundary(char: str) -> bool:
    in_word = re2.search(r"[\pL\pN\pM_]", char) is not None
    scripts = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]"
    return in_word and re2.search(scripts, char) is None


def _complaint(problem: re2.error) -> str:
    message = problem.args[0] if problem.args else "it is not a regular expression"
    return message.decode("utf-8", "replace") if isinstance(message, bytes) else str(message)
