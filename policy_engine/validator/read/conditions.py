"""A `when` or `accept` mapping read into the condition tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from policy_engine.diagnostics import Address, Key
from policy_engine.model.condition import (
    AllOf,
    AnyOf,
    Condition,
    ExpressionTest,
    JudgeTest,
    Negation,
    NoneOf,
    Operand,
    Reference,
    SampleTest,
    Test,
    TimeTest,
)
from policy_engine.model.vocabulary import SECTIONS

_Keys: TypeAlias = tuple[Key, ...]
_Reader: TypeAlias = Callable[[Any, str, _Keys, list[Condition]], None]
"""
Reads what stands in a file (by path) under some keys, and appends it to the conditions that must all hold.

Addresses are made for conditions only, not on the way to them: there are tens of thousands of rules.
"""


def read_condition(written: object, address: Address) -> Condition | None:
    """The condition that a mapping writes down; its entries are joined by `AllOf` unless there is only one."""
    return condition_at(written, address.path, address.keys)


def read_operand(written: object) -> Operand | None:
    """A scalar as it is, a list of scalars as a tuple, None for anything else."""
    if isinstance(written, _SCALARS):
        return written
    return tuple(item for item in written if isinstance(item, _SCALARS)) if isinstance(written, list) else None


_SCALARS = (str, int, float)  # a union written in place is made anew each time


def read_texts(written: object) -> tuple[str, ...]:
    """One text or a list of texts, as a tuple."""
    if isinstance(written, str):
        return (written,)
    return tuple(item for item in written if isinstance(item, str)) if isinstance(written, list) else ()


def condition_at(written: object, path: str, keys: _Keys) -> Condition | None:
    """The same for a mapping that stands in a file (by path) under some keys."""
    if not isinstance(written, dict):
        return None
    children: list[Condition] = []
    for key, value in written.items():
        reader = _READERS.get(key)
        if reader is not None:
            reader(value, path, (*keys, key), children)
    if len(children) == 1:
        return children[0]
    return AllOf(children=tuple(children), address=Address(path, keys)) if children else None


def _all(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    children = _members(written, path, keys)
    if children:
        into.append(AllOf(children=children, address=Address(path, keys)))


def _any(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    children = _members(written, path, keys)
    if children:
        into.append(AnyOf(children=children, address=Address(path, keys)))


def _none(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    children = _members(written, path, keys)
    if children:
        into.append(NoneOf(children=children, address=Address(path, keys)))


def _members(written: Any, path: str, keys: _Keys) -> tuple[Condition, ...]:
    items = written if isinstance(written, list) else []
    read = (condition_at(item, path, (*keys, position)) for position, item in enumerate(items))
    return tuple(child for child in read if child is not None)


def _not(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    child = condition_at(written, path, keys)
    if child is not None:
        into.append(Negation(child=child, address=Address(path, keys)))


def _references(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    if isinstance(written, str):
        into.append(Reference(name=written, address=Address(path, keys)))
    for position, name in enumerate(written if isinstance(written, list) else ()):
        if isinstance(name, str):
            into.append(Reference(name=name, address=Address(path, (*keys, position))))


def _task(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    _tests("task", written, path, keys, into)


def _tests(fact: str, written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    """A bare value is `eq`, a bare list `in`, a mapping one test for each operator."""
    if isinstance(written, dict):
        for op, operand in written.items():
            if op in _OPERATORS:
                _test(fact, op, operand, path, (*keys, op), into)
    elif isinstance(written, list):
        _test(fact, "in", written, path, keys, into)
    else:
        _test(fact, "eq", written, path, keys, into)


def _test(fact: str, op: str, written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    operand = read_texts(written) if op in _TEXT_OPERATORS else read_operand(written)
    if operand is not None and operand != ():
        into.append(Test(fact=fact, op=op, operand=operand, address=Address(path, keys)))


_TEXT_OPERATORS = frozenset(("matches", "contains", "sections"))
_OPERATORS = frozenset("eq ne in not_in lt lte gt gte glob matches contains has exists".split())
_OF_TEXT = frozenset(("matches", "contains", "sections", "one_of", "json_schema"))


def _text_section(section: str) -> _Reader:
    """Reads `message` and `input`: measures, the language, and tests of the text itself."""
    text = f"{section}.text"

    def read(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
        for key, value in _entries(written):
            if key in _OF_TEXT:
                _test(text, key, value, path, (*keys, key), into)
            else:
                _tests(f"{section}.{key}", value, path, (*keys, key), into)

    return read


def _flat_section(section: str) -> _Reader:
    """Reads sections of the form `{name: VALUE or RANGE}`."""

    def read(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
        for key, value in _entries(written):
            _tests(f"{section}.{key}", value, path, (*keys, key), into)

    return read


def _deep_section(section: str) -> _Reader:
    """Reads sections of the form `{name: {field: VALUE or RANGE}}`."""

    def read(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
        for name, fields in _entries(written):
            for field, value in _entries(fields):
                _tests(f"{section}.{name}.{field}", value, path, (*keys, name, field), into)

    return read


def _output(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    fields = dict(_entries(written))
    if "judge" in fields:
        _judge(fields.pop("judge"), path, (*keys, "judge"), into)
    _OUTPUT_TESTS(fields, path, keys, into)


_OUTPUT_TESTS = _text_section("output")


def _judge(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    fields = dict(_entries(written))
    model, question = fields.get("model"), fields.get("question")
    ranges = tuple(
        (op, operand)
        for op, value in _entries(fields.get("score"))
        if (operand := read_operand(value)) is not None and op in _OPERATORS
    )
    if isinstance(model, str) and isinstance(question, str) and ranges:
        into.append(JudgeTest(model=model, question=question, ranges=ranges, address=Address(path, keys)))


def _time(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    fields = dict(_entries(written))
    between, zone = fields.get("between"), fields.get("zone")
    if fields:
        test = TimeTest(
            between=between if isinstance(between, str) else None,
            days=read_texts(fields.get("days")),
            dates=read_texts(fields.get("dates")),
            zone=zone if isinstance(zone, str) else None,
            address=Address(path, keys),
        )
        into.append(test)


def _sample(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    fields = dict(_entries(written))
    share, by, salt = read_operand(fields.get("share")), fields.get("by"), fields.get("salt")
    if share is not None:
        test = SampleTest(
            share=share,
            by=by if isinstance(by, str) else None,
            salt=salt if isinstance(salt, str) else None,
            address=Address(path, keys),
        )
        into.append(test)


def _expression(written: Any, path: str, keys: _Keys, into: list[Condition]) -> None:
    if isinstance(written, str):
        into.append(ExpressionTest(text=written, address=Address(path, keys)))


def _entries(written: Any) -> Iterable[tuple[str, Any]]:
    return written.items() if isinstance(written, dict) else ()


_READERS: Mapping[str, _Reader] = {
    "all": _all,
    "any": _any,
    "none": _none,
    "not": _not,
    "condition": _references,
    "task": _task,
    "message": _text_section("message"),
    "input": _text_section("input"),
    "conversation": _flat_section("conversation"),
    "wants": _flat_section("wants"),
    "attributes": _flat_section("attributes"),
    "score": _flat_section("score"),
    "similar": _flat_section("similar"),
    "signal": _flat_section("signal"),
    "session": _flat_section("session"),
    **{section: _deep_section(section) for section in SECTIONS},
    "output": _output,
    "time": _time,
    "sample": _sample,
    "expr": _expression,
}
