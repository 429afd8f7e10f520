"""
Two-valued formulas over finite variables: what a solver is asked.

A variable stands for one fact and has numbered cells, classes of values that no test tells apart (being unknown is one
of them). A literal says in which cells the variable lies. There is no negation: it goes into the cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


class Literal(NamedTuple):
    """The variable lies in one of these cells; bit i of the mask is its i-th cell."""

    variable: int
    mask: int


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All parts hold; none is true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds; none is false."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AtLeast:
    """The weights of the parts that hold add up to `needed`, which is above 0; weights are above 0."""

    needed: int
    parts: tuple[tuple[int, Formula], ...]


Formula: TypeAlias = Literal | Every | Some | AtLeast

TRUE = Every(())
FALSE = Some(())


def every(parts: Iterable[Formula]) -> Formula:
    """The conjunction, with literals of one variable made one; literals come first."""
    masks: dict[int, int] = {}
    rest: dict[int, Formula] = {}
    for part in _flat(parts, Every):
        if type(part) is Literal:
            mask = masks.get(part.variable, -1) & part.mask
            if not mask:
                return FALSE
            masks[part.variable] = mask
        elif type(part) is Some and not part.parts:
            return FALSE
        else:
            rest[id(part)] = part
    return _joined(masks, rest, Every)


def some(parts: Iterable[Formula], full: Sequence[int]) -> Formula:
    """The disjunction, with literals of one variable made one; `full` has the mask of all cells by variable."""
    masks: dict[int, int] = {}
    rest: dict[int, Formula] = {}
    for part in _flat(parts, Some):
        if type(part) is Literal:
            mask = masks.get(part.variable, 0) | part.mask
            if mask == full[part.variable]:
                return TRUE
            masks[part.variable] = mask
        elif type(part) is Every and not part.parts:
            return TRUE
        else:
            rest[id(part)] = part
    return _joined(masks, rest, Some)


def literal(variable: int, mask: int, full: Sequence[int]) -> Formula:
    """A literal, or the constant that it is."""
    if not mask:
        return FALSE
    return TRUE if mask == full[variable] else Literal(variable, mask)


def at_least(needed: int, parts: Iterable[tuple[int, Formula]]) -> Formula:
    """The weighted sum, constants taken out."""
    left = []
    for weight, part in parts:
        if part is TRUE:
            needed -= weight
        elif part is not FALSE and weight > 0:
            left.append((weight, part))
    if needed <= 0:
        return TRUE
    if sum(weight for weight, _ in left) < needed:
        return FALSE
    return AtLeast(needed, tuple(left))


def negation(formula: Formula, full: Sequence[int]) -> Formula:
    """The opposite."""
    if type(formula) is Literal:
        return literal(formula.variable, full[formula.variable] & ~formula.mask, full)
    if type(formula) is Every:
        return some([negation(part, full) for part in formula.parts], full)
    if type(formula) is Some:
        return every(negation(part, full) for part in formula.parts)
    assert isinstance(formula, AtLeast)
    total = sum(weight for weight, _ in formula.parts)
    return at_least(total - formula.needed + 1, [(weight, negation(part, full)) for weight, part in formula.parts])


def variables_in(formula: Formula) -> set[int]:
    """Every variable that a formula mentions."""
    found: set[int] = set()
    pending = [formula]
    while pending:
        part = pending.pop()
        if type(part) is Literal:
            found.add(part.variable)
        elif isinstance(part, AtLeast):
            pending.extend(inner for _, inner in part.parts)
        elif isinstance(part, Every | Some):
            pending.extend(part.parts)
    return found


def _flat(parts: Iterable[Formula], kind: type[Every] | type[Some]) -> list[Formula]:
    flat: list[Formula] = []
    for part in parts:
        if type(part) is kind:
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat


def _joined(masks: dict[int, int], rest: dict[int, Formula], kind: type[Every] | type[Some]) -> Formula:
    parts: tuple[Formula, ...] = (*(Literal(*pair) for pair in masks.items()), *rest.values())
    if len(parts) == 1:
        return parts[0]
    return kind(parts) if parts else (TRUE if kind is Every else FALSE)
