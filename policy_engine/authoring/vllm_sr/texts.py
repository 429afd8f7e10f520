"""Signals over the text of a request: keywords, token counts and structure, as conditions of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from policy_engine.authoring.formula import Formula, all_of, negated
from policy_engine.authoring.vllm_sr.numbers import Range, least_count, tokens

_HAN = re.compile("[\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_MOST_REPEATS = 100
# Signs, classes and escapes one after the other, nothing that repeats or branches: matches are all equally long.
_FIXED = re.compile(r"(?:\(\?i\))?(?:[^\\\[\](){}*+?|^$]|\\[^AbBzQEpP]|\[\^?(?:\\.|[^\[\]\\])+\])+")


def keyword(signal: Mapping[str, Any]) -> Formula | None:
    """A keyword rule by the same regular expressions that the other router makes; None where it compares loosely."""
    method = str(signal.get("method") or "").lower()
    if method not in ("", "regex") or signal.get("fuzzy_match"):
        return None
    prefix = "" if signal.get("case_sensitive") else "(?i)"
    words = [str(word) for word in signal.get("keywords") or ()]
    found = [prefix + (word if method == "regex" else _literal(word)) for word in words]
    operator = signal.get("operator")
    if operator == "AND":
        return all_of([_matches([pattern]) for pattern in found])
    return negated(_matches(found)) if operator == "NOR" else _matches(found)


def _literal(word: str) -> str:
    """Whole words, except in Chinese; boundaries are ASCII there as they are in RE2."""
    quoted = re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", word)
    bounded = not _HAN.search(word) and any(sign.isalpha() or sign.isdecimal() or sign == "_" for sign in word)
    return rf"\b{quoted}\b" if bounded else quoted


def _matches(found: Sequence[str]) -> Formula:
    if not found:
        return False
    return {"message": {"matches": found[0] if len(found) == 1 else list(found)}}


def context(signal: Mapping[str, Any]) -> Formula | None:
    """A band of token counts, both ends in it."""
    least, most = tokens(signal.get("min_tokens")), tokens(signal.get("max_tokens"))
    if least is None or most is None:
        return False
    return {"input": {"tokens": {**({"gte": least} if least > 0 else {}), "lte": most}}}


def structure(signal: Mapping[str, Any], bounds: Range | None) -> Formula | None:
    """
    A feature of the text; None where it has to be measured outside, as a density has to be.

    Args:
        bounds: what the measured number must lie in; None if it only has to be above zero.
    """
    feature = signal.get("feature") or {}
    source = feature.get("source") or {}
    kind, of = str(feature.get("type")).strip().lower(), str(source.get("type")).strip().lower()
    if of == "text_bytes":
        return _bytes(bounds, counted=kind == "count")
    found = _found(of, source)
    if found is None:
        return None
    if kind in ("exists", "sequence") or (kind == "count" and of == "sequence"):
        return _of_flag({"message": {"matches": found}}, bounds)
    if kind == "count" and of == "regex":
        return _of_count(found, bounds)
    return None


def _found(of: str, source: Mapping[str, Any]) -> str | list[str] | None:
    """The patterns of which one is found where the source is there at all."""
    loose = "" if source.get("case_sensitive") else "(?i)"
    if of == "regex":
        pattern = str(source.get("pattern"))
        return pattern if pattern.startswith("(?i)") else loose + pattern
    if of == "sequence":
        flags = "(?s)" if source.get("case_sensitive") else "(?is)"
        rows = [row for row in source.get("sequences") or () if row]
        found = [flags + ".*".join(_quoted(str(marker)) for marker in row) for row in rows]
        return (found[0] if len(found) == 1 else found) or None
    return None


def _quoted(text: str) -> str:
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def _of_flag(formula: Formula, bounds: Range | None) -> Formula:
    """A number that is 1 where the formula holds and 0 elsewhere, within bounds."""
    if bounds is None:
        return formula
    if_there, if_not = bounds.holds(1), bounds.holds(0)
    if if_there == if_not:
        return if_there
    return formula if if_there else negated(formula)


def _of_count(found: str | list[str], bounds: Range | None) -> Formula | None:
    """
    So many matches, written as one pattern.

    Only for patterns whose matches are all equally long: then taking the leftmost match each time finds the most.
    """
    if bounds is None:
        return {"message": {"matches": found}}
    least, below = least_count(bounds)
    if not isinstance(found, str) or not _FIXED.fullmatch(found) or max(least, below or 0) > _MOST_REPEATS:
        return None
    return all_of([_at_least(found, least), True if below is None else negated(_at_least(found, below))])


def _at_least(pattern: str, count: int) -> Formula:
    if count <= 0:
        return True
    flags, body = ("(?i)", pattern[4:]) if pattern.startswith("(?i)") else ("", pattern)
    repeated = f"(?:{body})" if count == 1 else rf"(?:{body})(?:[\s\S]*?(?:{body})){{{count - 1}}}"
    return {"message": {"matches": flags + repeated}}


def _bytes(bounds: Range | None, *, counted: bool) -> Formula | None:
    """A count of bytes by our estimate of tokens, four bytes or less each."""
    if bounds is None:
        return {"message": {"chars": {"gt": 0}}}
    if not counted:
        return None
    least, below = least_count(bounds)
    span = {**({"gte": -(-least // 4)} if least > 0 else {}), **({} if below is None else {"lt": -(-below // 4)})}
    return {"message": {"tokens": span}} if span else True
