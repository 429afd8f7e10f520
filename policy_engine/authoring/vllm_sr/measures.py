"""Numbers that the other router takes from a text and a policy cannot: densities, loose words, counts of words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from policy_engine.authoring.draft import mapping

_CJK = re.compile(
    "[\u2e80-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"
)


def measure_of(kind: str, signal: Mapping[str, Any]) -> Callable[[str], bool | float] | None:
    """A function from a text to the value of a signal; None where it takes more than the text to know it."""
    if kind == "keyword" and signal.get("fuzzy_match") and str(signal.get("method") or "regex").lower() == "regex":
        return lambda text: _loosely(text, signal)
    if kind != "structure":
        return None
    feature = mapping(signal.get("feature"))
    source = mapping(feature.get("source"))
    counted = _counter(source)
    if counted is None:
        return None
    if feature.get("type") == "density":
        return lambda text: counted(text) / (units(text) or 1)
    if feature.get("type") == "exists":
        return lambda text: float(counted(text) > 0)
    return lambda text: float(counted(text))


def units(text: str) -> int:
    """How many words a text has: each sign of Chinese, Japanese and Korean is one, as is each run of letters."""
    return sum(1 for _ in _words(text))


def _words(text: str) -> Iterator[str]:
    run = ""
    for sign in text:
        if _is_letter(sign) and not _CJK.match(sign):
            run += sign
            continue
        if run:
            yield run
        run = ""
        if _CJK.match(sign):
            yield sign
    if run:
        yield run


def _is_letter(sign: str) -> bool:
    return unicodedata.category(sign) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd")


def _counter(source: Mapping[str, Any]) -> Callable[[str], int] | None:
    loose = not source.get("case_sensitive")
    if source.get("type") == "keyword_set":
        words = [str(word) for word in source.get("keywords") or ()]
        return lambda text: sum(occurrences(text, word, loose=loose) for word in words)
    if source.get("type") != "regex":
        return None
    try:
        pattern = re.compile(str(source.get("pattern")), re.IGNORECASE if loose else 0)
    except re.error:
        return None
    return lambda text: sum(1 for _ in pattern.finditer(text))


def occurrences(text: str, word: str, *, loose: bool) -> int:
    """How often a word or phrase stands in a text by itself; what is Chinese, Japanese or Korean has no boundaries."""
    if loose:
        text, word = text.lower(), word.lower()
    if not word:
        return 0
    bounded, count, at = not _CJK.search(word), 0, text.find(word)
    while at >= 0:
        end = at + len(word)
        count += not bounded or not (_blocks(text[at - 1 : at]) or _blocks(text[end : end + 1]))
        at = text.find(word, end)
    return count


def _blocks(sign: str) -> bool:
    return bool(sign) and _is_letter(sign) and not _CJK.match(sign)


def _loosely(text: str, signal: Mapping[str, Any]) -> bool:
    """Whether a rule's keywords are there, each by itself or in a word that differs in a few letters."""
    most = int(signal.get("fuzzy_threshold") or 2)
    heard = ["".join(word).lower() for word in re.findall(r"[^\W_]+", text)]
    found = [_is_near(str(word).lower(), heard, most, text) for word in signal.get("keywords") or ()]
    operator = signal.get("operator")
    return all(found) if operator == "AND" else not any(found) if operator == "NOR" else any(found)


def _is_near(word: str, heard: Sequence[str], most: int, text: str) -> bool:
    return word in text.lower() or any(distance(word, one) <= most for one in heard)


def distance(left: str, right: str) -> int:
    """How many letters have to be put in, taken out or changed to make one word of the other."""
    row = list(range(len(right) + 1))
    for at, sign in enumerate(left, 1):
        before, row = row, [at]
        for place, other in enumerate(right, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (sign != other)))
    return row[-1]
