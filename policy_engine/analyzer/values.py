"""Values of attributes, keys and signals that lie in given cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from policy_engine.analyzer.cells import Cell, Exactly, Mark, Positions, Segment
from policy_engine.analyzer.texts import search_of
from policy_engine.compiler.probes import sample_position
from policy_engine.compiler.specimens import specimens
from policy_engine.model.policy import Attribute, AttributeType
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import Fact

TRIES = 20_000
"""How many values are tried for one whose hash falls where it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """
    What a value is to be like.

    `taken` are texts that other cells stand for; `hashes` says by salt where its hash has to fall.
    """

    cell: Cell | None
    taken: frozenset[object]
    found: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()
    hashes: tuple[tuple[str, Positions], ...] = ()


def value_for(fact: Fact, need: Need) -> Any:
    """A value that is as needed, or None if none was found."""
    if need.cell in (Mark.YES, Mark.NO):
        return need.cell is Mark.YES
    if isinstance(need.cell, Exactly):
        return need.cell.value
    numbers = _numbers(need.cell, fact) if fact.kind.is_numeric else _texts(fact, need)
    return next((value for value in numbers if _fits(value, need)), None)


def invalid_value(attribute: Attribute) -> Any:
    """A value that this attribute cannot have."""
    if attribute.enum is None:
        return 0 if attribute.type is AttributeType.STRING else "?"
    return "unheard-of" if "unheard-of" not in attribute.enum else "?"


def _fits(value: object, need: Need) -> bool:
    if value in need.taken:
        return False
    if any(not low_high.low <= sample_position(salt, value) < low_high.high for salt, low_high in need.hashes):
        return False
    text = str(value)
    if any(search_of(pattern)(text) is not True for pattern in need.found):
        return False
    return not any(search_of(pattern)(text) for pattern in need.avoided)


def _numbers(cell: Cell | None, fact: Fact) -> Iterator[float]:
    segment = cell if isinstance(cell, Segment) else Segment(None, None, fact.integral)
    first = segment.sample()
    if fact.integral or float(first).is_integer():
        first = int(first)
    yield first
    step = -1 if segment.low is None and segment.high is not None else 1
    for offset in range(1, TRIES):
        number = first + step * offset
        if (segment.low is not None and number < segment.low) or (segment.high is not None and number >= segment.high):
            break
        yield number
    if not fact.integral and fact.kind is not Kind.COUNT and segment.low is not None and segment.high is not None:
        yield from (segment.low + (segment.high - segment.low) * part / 101 for part in range(1, 101))


def _texts(fact: Fact, need: Need) -> Iterator[str]:
    for pattern in need.found:
        yield from specimens(pattern)
    stem = fact.name.rpartition(".")[2]
    yield from (stem, "other")
    for number in range(TRIES if need.hashes else 40):
        yield f"{stem}-{number}"
    yield from ("x", "0", "", "日")
