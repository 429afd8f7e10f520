"""What a case expects, held against a decision: only what it names is compared."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from policy_engine.verify.suite import DEFAULT, NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as expected; `place` is dotted, as in `plan.steps`."""

    place: str
    expected: Any
    actual: Any


def differences(expect: Mapping[str, Any], decision: Mapping[str, Any]) -> tuple[Difference, ...]:
    """
    What is not as expected.

    Args:
        expect: as written in a case.
        decision: in the shape of schema decision.v1, with an estimate.
    """
    return tuple(
        difference for name, expected in expect.items() for difference in _differing(name, expected, decision[name])
    )


def _differing(name: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if name in _ABSENT:
        shown = _ABSENT[name] if actual is None else actual
        return iter(() if shown == expected else (Difference(place=name, expected=expected, actual=shown),))
    if name in ("tags", "unknown"):
        return _unordered(name, expected, actual, key=str)
    if name == "skipped":
        return _unordered(name, expected, [one["model"] for one in actual], key=str)
    if name == "errors":
        return _errors(expected, actual)
    if name == "estimate":
        return _ranges(name, expected, actual)
    return _parts(name, expected, actual)


_ABSENT: Final[Mapping[str, str]] = {"rule": DEFAULT, "model": NONE, "tier": NONE}
"""What stands for nothing, by field."""


def _unordered(
    place: str, expected: Sequence[Any], actual: Sequence[Any], *, key: Callable[[Any], str]
) -> Iterator[Difference]:
    if sorted(expected, key=key) != sorted(actual, key=key):
        yield Difference(place=place, expected=list(expected), actual=list(actual))


def _errors(expected: Sequence[str], actual: Sequence[str]) -> Iterator[Difference]:
    """An error is expected by its name (`attributes.plan`) or in full; all of them must be."""
    given = [full if full in expected else full.partition(":")[0] for full in actual]
    yield from _unordered("errors", expected, given, key=str)


def _ranges(place: str, expected: Mapping[str, Any], actual: Mapping[str, Any]) -> Iterator[Difference]:
    for name, wanted in expected.items():
        tests = wanted if isinstance(wanted, Mapping) else {"eq": wanted}
        value = actual[name]
        if value is None or not all(_OPERATORS[op](value, bound) for op, bound in tests.items()):
            yield Difference(place=f"{place}.{name}", expected=wanted, actual=value)


_OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


def _parts(place: str, expected: Any, actual: Any) -> Iterator[Difference]:
    """Mappings are compared by the entries that are expected; lists item by item, and in length."""
    if actual is None:
        if expected != NONE:
            yield Difference(place=place, expected=expected, actual=NONE)
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, wanted in expected.items():
            yield from _parts(f"{place}.{name}", wanted, actual.get(name))
    elif isinstance(expected, list) and isinstance(actual, Sequence) and len(expected) == len(actual):
        for position, (wanted, given) in enumerate(zip(expected, actual, strict=True)):
            yield from _parts(f"{place}[{position}]", wanted, given)
    elif expected != (list(actual) if isinstance(actual, tuple) else actual):
        yield Difference(place=place, expected=expected, actual=actual)
