"""Why RE2 refuses a pattern, in the words of who wrote it, and what to write instead."""

from __future__ import annotations

import re

_LINEAR = "they cannot be searched for in linear time"
_MEANINGS = (
    (
        r"invalid perl operator: \(\?<?[=!]",
        "it has a lookaround",
        "RE2 has none; at the edge of a word write `\\b` or use `contains`, else two conditions and `not`",
    ),
    (r"invalid escape sequence: \\([1-9]|[kg])", "it has a backreference", f"RE2 has none: {_LINEAR}"),
    (
        r"invalid perl operator: \(\?P$",
        "it has a backreference, or a group with a malformed name",
        "RE2 has no backreferences; a group is named as in `(?P<name>…)`",
    ),
    (r"invalid perl operator: \(\?>", "it has an atomic group", "write `(?:`; RE2 never backtracks"),
    (
        r"bad repetition operator: .\+$",
        "it has a possessive quantifier",
        "leave the second `+` out; RE2 never backtracks",
    ),
    (
        r"bad repetition operator: ",
        "it repeats a repetition",
        r"keep one of the two, or escape a literal sign as in `\*`",
    ),
    (
        r"no argument for repetition",
        "it repeats nothing",
        r"put something before the sign, or escape a literal one as in `\*`",
    ),
    (
        r"invalid repetition size: \{\d{1,3},\d{1,3}\}",
        "a repetition ends before it begins, or repeats too often",
        "write the smaller count first; nested repetitions multiply, to 1000 at most",
    ),
    (
        r"invalid repetition size: ",
        "it repeats too often",
        "a repetition counts to 1000 at most, nested ones multiplied",
    ),
    (r"missing \)", "a `(` is never closed", r"close it with `)`, or escape a literal one as `\(`"),
    (r"unexpected \)", "a `)` closes nothing", r"remove it, or escape a literal one as `\)`"),
    (r"missing \]", "a `[` is never closed", r"close it with `]`, or escape a literal one as `\[`"),
    (r"trailing", "it ends in a lone backslash", r"write `\\` for a literal backslash"),
    (
        r"invalid escape sequence: \\[ZG]",
        "it has an anchor of another language",
        r"write `\A` for the start, `\z` for the end",
    ),
    (
        r"invalid escape sequence: \\[ux]",
        "it has a malformed character code",
        r"write `\x{20AC}`, or the character itself",
    ),
    (
        r"invalid escape sequence: ",
        "it has an escape that RE2 does not know",
        "write the character itself or a class `[…]`",
    ),
    (
        r"invalid character class range: \\p",
        "it names an unknown class",
        r"write one like `\p{L}`, `\p{Lu}` or `\p{Greek}`",
    ),
    (r"invalid character class range: \[:", "it names an unknown class", "write one like `[:alpha:]` or `[:digit:]`"),
    (
        r"invalid character class range: ",
        "a range in `[…]` runs backwards",
        r"write the smaller character first; escape `-` as `\-`",
    ),
    (r"invalid perl operator: \(\?[a-zA-Z]*x", "it has verbose mode", "write the pattern on one line without spaces"),
    (r"invalid perl operator: \(\?#", "it has a comment inside", "use a YAML comment"),
    (r"invalid perl operator: \(\?\(", "it has a conditional group", "write two patterns in a list"),
    (
        r"invalid perl operator: \(\?[aLu]",
        "it has a flag of Python",
        r"leave it out; `\p{L}` is a letter of any script",
    ),
    (r"invalid perl operator: \(\?[R\d&]", "it has recursive groups", f"RE2 has none: {_LINEAR}"),
    (r"pattern too large", "it is too large", "repeat less, or split it into several patterns"),
)
_GROUPS = "groups are `(…)`, `(?:…)`, `(?P<name>…)` and flags `(?i)`, `(?s)`, `(?m)`, `(?U)`"


def meaning_of(complaint: str) -> tuple[str, str]:
    """What RE2's complaint means, and the help."""
    for shape, reason, help in _MEANINGS:
        if re.match(shape, complaint):
            return reason, help
    if complaint.startswith("invalid perl operator"):
        return "it has a group that RE2 does not know", _GROUPS
    return complaint, "see https://github.com/google/re2/wiki/Syntax"
