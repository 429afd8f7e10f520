"""Bounds moved just past where they are: to the next value, or from open to closed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from policy_engine.model.condition import JudgeTest, Operand, SampleTest, Test
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.model.vocabulary import fact_named

_TWIN: Final = {"gt": "gte", "gte": "gt", "lt": "lte", "lte": "lt"}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def changed_bounds(test: Test, declarations: Declarations) -> Iterator[Test]:
    """
    The test with its bound moved either way.

    A count moves by one, which is also what opening or closing its end comes to. What is no whole number is opened or
    closed, and moved by one in the last digit that is written.
    """
    fact = fact_named(test.fact, declarations)
    if fact is None or not fact.kind.is_numeric or test.op not in _TWIN or isinstance(test.operand, tuple):
        return
    if fact.integral:
        yield from _moved_count(test, int(parse_quantity(test.operand, fact.kind)))
        return
    yield replace(test, op=_TWIN[test.op])
    yield from (replace(test, operand=operand) for operand in moved_quantity(test.operand, fact.kind))


def changed_judges(judge: JudgeTest) -> Iterator[JudgeTest]:
    """The judge's test with each of its bounds opened or closed, and moved either way."""
    for position, (op, operand) in enumerate(judge.ranges):
        before, after = judge.ranges[:position], judge.ranges[position + 1 :]
        if op in _TWIN and not isinstance(operand, tuple):
            ranges = [(_TWIN[op], operand), *((op, moved) for moved in moved_quantity(operand, Kind.SHARE))]
            yield from (replace(judge, ranges=(*before, one, *after)) for one in ranges)


def changed_samples(sample: SampleTest) -> Iterator[SampleTest]:
    """The sample with a share that is one less or one more in its last written digit."""
    return (replace(sample, share=share) for share in moved_quantity(sample.share, Kind.SHARE))


def moved_quantity(operand: Operand, kind: Kind) -> Iterator[Operand]:
    """A quantity one less and one more in its last written digit, in its own unit, if those are quantities as well."""
    for moved in _moved(operand):
        try:
            parse_quantity(moved, kind)
        except QuantityError:
            continue
        yield moved


def _moved_count(test: Test, bound: int) -> Iterator[Test]:
    for moved in (bound - 1, bound + 1):
        if moved >= 0:
            yield replace(test, operand=moved)


def _moved(operand: Operand) -> Iterator[Operand]:
    if isinstance(operand, str):
        match = _NUMBER.search(operand)
        if match is not None:
            for number in _neighbours(match[0]):
                yield operand[: match.start()] + number + operand[match.end() :]
    elif isinstance(operand, int | float) and not isinstance(operand, bool):
        yield from (float(number) for number in _neighbours(repr(operand)))


def _neighbours(number: str) -> Iterator[str]:
    value = Decimal(number)
    step = Decimal(1).scaleb(int(value.as_tuple().exponent))
    for moved in (value - step, value + step):
        if moved >= 0:
            yield str(moved)
