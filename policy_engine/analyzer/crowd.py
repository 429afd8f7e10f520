"""Many rules at once: whether one is reached, by looking only at those that could come before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from policy_engine.analyzer.encode import Firing
from policy_engine.analyzer.formula import FALSE, Every, Formula, Literal, Some
from policy_engine.analyzer.solver import Solver, State
from policy_engine.analyzer.space import Space


@dataclass(slots=True)
class Crowd:
    """
    The rules of a bundle, found by what they cannot match without.

    A rule is listed under cells of variables of which one must be taken for it to match, and which no request takes
    that says nothing about them. `open` are the rules of which nothing of the kind is known.
    """

    solver: Solver
    firings: Sequence[Firing]
    listed: dict[int, dict[int, list[int]]] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, firing in enumerate(self.firings):
            needed = next(_needed(firing, self.solver.space), None)
            if needed is None:
                self.open.append(number)
            for variable, mask in needed or ():
                cells = self.listed.setdefault(variable, {})
                for cell in _bits(mask):
                    cells.setdefault(cell, []).append(number)

    def is_reached(self, number: int, state: State | None, ending: Container[int]) -> bool:
        """Whether a rule is reached by a request in some cells that it asks for, and no more; False if unsure."""
        if state is None:
            return False
        near = set(_up_to(self.open, number))
        for variable, cells in state.items():
            listed = self.listed.get(variable)
            if listed is not None:
                for cell in _bits(cells):
                    near.update(_up_to(listed.get(cell, ()), number))
        return all(self.solver.holds_in(self.firings[one].passes, state) for one in near if one in ending)


def _up_to(ascending: Sequence[int], number: int) -> Sequence[int]:
    return ascending[: bisect_left(ascending, number)]


def _needed(firing: Firing, space: Space) -> Iterator[tuple[Literal, ...]]:
    """Literals of which one must hold for a rule to fire, and none does where nothing is said."""
    if firing.stops is not FALSE:
        return
    for part in _conjuncts(firing.matches):
        literals = _literals(part)
        if literals and all(_is_quiet(one, space) for one in literals):
            yield literals


def _conjuncts(formula: Formula) -> tuple[Formula, ...]:
    return formula.parts if isinstance(formula, Every) else (formula,)


def _literals(formula: Formula) -> tuple[Literal, ...]:
    if type(formula) is Literal:
        return (formula,)
    if isinstance(formula, Some):
        literals = tuple(part for part in formula.parts if type(part) is Literal)
        return literals if len(literals) == len(formula.parts) else ()
    return ()


def _is_quiet(literal: Literal, space: Space) -> bool:
    unknown = space.unknown[literal.variable]
    known = space.full[literal.variable] & ~unknown
    resting = (known & -known) | (unknown & -unknown) | space.usual[literal.variable]
    return not literal.mask & resting


def _bits(mask: int) -> Iterator[int]:
    while mask:
        bit = mask & -mask
        yield bit
        mask ^= bit
