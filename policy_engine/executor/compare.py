"""How far two answers agree: by their text, their JSON, or the likeness of their words."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

MOST_CHARS = 20_000
"""How much of a text is looked at for likeness."""

_GRAM = 3


def exact_agreement(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """1 if two messages say the same and call the same tools with the same arguments, else 0."""
    return float(_said(first) == _said(second))


def json_agreement(first: Mapping[str, Any], second: Mapping[str, Any]) -> float | None:
    """
    The share of fields, at any depth, that two JSON answers have in common with the same value.

    None if neither is JSON; 0 if only one is.
    """
    values = (_parsed(_text(first)), _parsed(_text(second)))
    if values == (_NO_JSON, _NO_JSON):
        return None
    if _NO_JSON in values:
        return 0.0
    fields = [dict(_fields(value, "")) for value in values]
    every = fields[0].keys() | fields[1].keys()
    same = sum(name in fields[0] and name in fields[1] and fields[0][name] == fields[1][name] for name in every)
    return same / len(every)


def similarity(first: Mapping[str, Any], second: Mapping[str, Any]) -> float:
    """The cosine of two texts' counts of three letters in a row, case and spacing aside; 1 if both are empty."""
    left, right = _grams(_text(first)), _grams(_text(second))
    if not left or not right:
        return float(left == right)
    common = sum(count * right[gram] for gram, count in left.items())
    return min(1.0, common / math.sqrt(_square(left) * _square(right)))


COMPARISONS: Final[Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], float | None]]] = {
    "exact": exact_agreement,
    "json": json_agreement,
    "similarity": similarity,
}
"""The comparisons of messages that need no model, by their names in policies."""


def _said(message: Mapping[str, Any]) -> tuple[str, list[Any]]:
    calls = message.get("tool_calls") or ()
    return _text(message), [_called(call.get("function") or {}) for call in calls]


def _called(function: Mapping[str, Any]) -> tuple[Any, Any]:
    arguments = function.get("arguments")
    parsed = _parsed(arguments) if isinstance(arguments, str) else arguments
    return function.get("name"), arguments if parsed is _NO_JSON else parsed


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    return content if isinstance(content, str) else ""


def _fields(value: Any, path: str) -> Iterator[tuple[str, tuple[type, Any]]]:
    """Every value that holds no others, by its path; a number is another value than a text or a boolean."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _fields(below, f"{path}.{json.dumps(name)}")
    elif isinstance(value, list) and value:
        for place, below in enumerate(value):
            yield from _fields(below, f"{path}[{place}]")
    else:
        yield path, (float if type(value) is int else type(value), value)


def _grams(text: str) -> Counter[str]:
    plain = f" {' '.join(text[:MOST_CHARS].casefold().split())} "
    return Counter(plain[at : at + _GRAM] for at in range(len(plain) - _GRAM + 1)) if plain.strip() else Counter()


def _square(grams: Counter[str]) -> int:
    return sum(count * count for count in grams.values())


_NO_JSON = object()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON
