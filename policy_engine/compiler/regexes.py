"""The regexes of conditions, checked where they are written: RE2 takes them, and they mean what they seem to."""

from __future__ import annotations

from policy_engine.compiler.faults import ascii_class, bad_regex
from policy_engine.compiler.pattern import PatternError, compile_pattern, has_ascii_class_beside_letter
from policy_engine.compiler.scope import Scope
from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.model.condition import Test

LONGEST_TEXT = 1_000
"""Characters of a phrase or a glob; each becomes a pattern, whose size RE2 bounds."""


def patterns_hold(test: Test, scope: Scope) -> bool:
    """Whether all texts of a `matches`, `contains` or `glob` can be searched for; what is wrong is reported."""
    if test.op != "matches":
        return _texts_hold(test, scope)
    patterns = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    sound = True
    for index, pattern in enumerate(map(str, patterns)):
        if pattern not in scope.problems:
            scope.problems[pattern] = _problem(pattern)
        problem = scope.problems[pattern]
        address = test.address if len(patterns) == 1 else test.address.child(index)
        if problem is not None:
            sound = False
            scope.report(_bad_regex(problem, pattern, address))
        elif has_ascii_class_beside_letter(pattern):
            scope.report(_ascii_class(pattern, address))
    return sound


def _texts_hold(test: Test, scope: Scope) -> bool:
    texts = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    too_long = [(index, str(text)) for index, text in enumerate(texts) if len(str(text)) > LONGEST_TEXT]
    for index, text in too_long:
        scope.report(_too_long(text, test.address if len(texts) == 1 else test.address.child(index)))
    return not too_long


def _problem(pattern: str) -> PatternError | None:
    try:
        compile_pattern(pattern)
    except PatternError as problem:
        return problem
    return None


def _bad_regex(problem: PatternError, pattern: str, address: Address) -> Finding:
    return Finding(
        code=bad_regex.CODE,
        name=bad_regex.NAME,
        severity=Severity.ERROR,
        message=f"`{_short(pattern)}` is not an RE2 regular expression: {problem.reason}",
        help=problem.help,
        address=address,
    )


def _too_long(text: str, address: Address) -> Finding:
    return Finding(
        code=bad_regex.CODE,
        name=bad_regex.NAME,
        severity=Severity.ERROR,
        message=f"`{_short(text)}` has {len(text):,} characters, too many to search for",
        help=f"a phrase or a glob may have {LONGEST_TEXT:,} characters at most",
        address=address,
    )


def _ascii_class(pattern: str, address: Address) -> Finding:
    shown = _short(pattern)
    return Finding(
        code=ascii_class.CODE,
        name=ascii_class.NAME,
        severity=Severity.WARNING,
        message=rf"`\b`, `\w` and `\d` know ASCII letters only; one stands beside another letter in `{shown}`",
        help="use `contains`, which finds whole words in every script",
        address=address,
    )


def _short(pattern: str, most: int = 60) -> str:
    return pattern if len(pattern) <= most else f"{pattern[: most - 1]}…"
