"""Whether formulas can hold together, and where: propagation, then a search that is cut off when it takes too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from policy_engine.analyzer.formula import FALSE, TRUE, AtLeast, Every, Formula, Literal, Some
from policy_engine.analyzer.space import Space

State: TypeAlias = dict[int, int]
"""For each variable that something was found out about, the cells that are left."""


DEEPEST = 200
"""How many guesses may rest on each other."""


class GaveUp(Exception):
    """The question took more steps than are allowed; nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """
    Formulas beside one, by place: `open` are those that do not follow from it at once.

    `shut` is the first that cannot hold where it does, and then nothing is said of those after it.
    """

    open: tuple[int, ...]
    shut: int | None = None


@dataclass(slots=True)
class Solver:
    """
    Answers questions about one space.

    `limit` bounds the steps of one question, `left` those of all questions together.
    """

    space: Space
    limit: int = 30_000
    left: int = 3_000_000
    _steps: int = field(default=0)

    def solve(self, formulas: Iterable[Formula]) -> State | None:
        """
        Cells in which all formulas hold, or None if there are none.

        The formulas hold wherever the variables lie in the cells given, those not mentioned being free.

        Raises:
            GaveUp: it would take too long.
        """
        self._steps = 0
        try:
            return self._search({}, list(formulas))
        finally:
            self.left -= self._steps

    def is_impossible(self, formulas: Iterable[Formula]) -> bool:
        """Whether it is proved that the formulas never hold together; False also where nothing is known."""
        try:
            return self.solve(formulas) is None
        except GaveUp:
            return False

    def find(self, formulas: Iterable[Formula]) -> State | None:
        """Cells in which all formulas hold; None also where nothing is known."""
        try:
            return self.solve(formulas)
        except GaveUp:
            return None

    def holds_in(self, formula: Formula, state: State) -> bool:
        """Whether a formula holds where all that a state does not mention is as usual or unknown."""
        self._steps = 0
        try:
            return self._holds_in(formula, state, {}, True)
        except GaveUp:
            return False

    def beside(self, formula: Formula, others: Sequence[Formula]) -> Beside:
        """What can be seen at once of other formulas where one holds."""
        self._steps = 0
        try:
            state: State = {}
            if self._propagate(state, [formula]) is None:
                return Beside(open=())
            left = []
            for place, other in enumerate(others):
                reduced = self._reduced(other, state)
                if reduced is FALSE:
                    return Beside(open=(place,), shut=place)
                if reduced is not TRUE:
                    left.append(place)
            return Beside(open=tuple(left))
        except GaveUp:
            return Beside(open=tuple(range(len(others))))
        finally:
            self.left -= self._steps

    def _search(self, state: State, pending: list[Formula], depth: int = 0) -> State | None:
        left = self._propagate(state, pending)
        if left is None:
            return None
        if not left:
            return state
        for usual in (True, False):
            sparse = self._completed(state, left, usual=usual)
            if sparse is not None:
                return sparse
        if depth >= DEEPEST:
            raise GaveUp
        chosen = min(left, key=_width)
        others = [one for one in left if one is not chosen]
        for option in _options(chosen):
            found = self._search(dict(state), [*option, *others], depth + 1)
            if found is not None:
                return found
        return None

    def _propagate(self, state: State, pending: list[Formula]) -> list[Formula] | None:
        """What is left open once everything that is forced is taken in, or None where it cannot hold."""
        while True:
            moved = False
            left: list[Formula] = []
            queue = pending
            while queue:
                formula = self._reduced(queue.pop(), state)
                if formula is FALSE:
                    return None
                if type(formula) is Literal:
                    if not self.space.assign(state, formula.variable, formula.mask):
                        return None
                    moved = True
                elif type(formula) is Every:
                    queue.extend(formula.parts)
                else:
                    left.append(formula)
            if not moved:
                return left
            left.reverse()
            pending = left

    def _reduced(self, formula: Formula, state: State) -> Formula:
        """The formula as far as the state leaves it open."""
        self._steps += 1
        if self._steps > self.limit or self._steps > self.left:
            raise GaveUp
        if type(formula) is Literal:
            cells = self.space.cells_left(state, formula.variable)
            inside = cells & formula.mask
            return FALSE if not inside else TRUE if inside == cells else formula
        if type(formula) is Some:
            return self._reduced_some(formula, state)
        if type(formula) is Every:
            parts = []
            for part in formula.parts:
                reduced = self._reduced(part, state)
                if reduced is FALSE:
                    return FALSE
                if reduced is not TRUE:
                    parts.append(reduced)
            return Every(tuple(parts)) if parts else TRUE
        assert isinstance(formula, AtLeast)
        return self._reduced_sum(formula, state)

    def _reduced_some(self, formula: Some, state: State) -> Formula:
        parts: list[Formula] = []
        cells_left = self.space.cells_left
        for part in formula.parts:
            if type(part) is Literal:  # most are, and a call for each would take twice as long
                self._steps += 1
                cells = cells_left(state, part.variable)
                inside = cells & part.mask
                if inside == cells:
                    return TRUE
                if inside:
                    parts.append(part)
                continue
            reduced = self._reduced(part, state)
            if reduced is TRUE:
                return TRUE
            if reduced is not FALSE:
                parts.append(reduced)
        if not parts:
            return FALSE
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _reduced_sum(self, formula: AtLeast, state: State) -> Formula:
        needed, parts = formula.needed, []
        for weight, part in formula.parts:
            reduced = self._reduced(part, state)
            if reduced is TRUE:
                needed -= weight
            elif reduced is not FALSE:
                parts.append((weight, reduced))
        if needed <= 0:
            return TRUE
        spare = sum(weight for weight, _ in parts) - needed
        if spare < 0:
            return FALSE
        forced = tuple(part for weight, part in parts if weight > spare)
        if not forced:
            return AtLeast(needed, tuple(parts))
        needed -= sum(weight for weight, _ in parts if weight > spare)
        rest = tuple((weight, part) for weight, part in parts if weight <= spare)
        return Every((*forced, AtLeast(needed, rest)) if needed > 0 else forced)

    def _completed(self, state: State, left: list[Formula], *, usual: bool) -> State | None:
        """The state with everything unknown that may be, where that satisfies what is left."""
        chosen: State = {}
        if all(self._holds_in(formula, state, chosen, usual) for formula in left):
            completed = dict(state)
            if all(self.space.assign(completed, variable, cell) for variable, cell in chosen.items()):
                return completed
        return None

    def _holds_in(self, formula: Formula, state: State, chosen: State, usual: bool) -> bool:
        self._steps += 1
        if type(formula) is Literal:
            variable = formula.variable
            cell = chosen.get(variable)
            if cell is None:
                cell = chosen[variable] = self.space.sparsest(state, variable, usual=usual)
            return bool(cell & formula.mask)
        if type(formula) is Some:
            return any(self._holds_in(part, state, chosen, usual) for part in formula.parts)
        if type(formula) is Every:
            return all(self._holds_in(part, state, chosen, usual) for part in formula.parts)
        assert isinstance(formula, AtLeast)
        return sum(w for w, part in formula.parts if self._holds_in(part, state, chosen, usual)) >= formula.needed


def _width(formula: Formula) -> int:
    return len(formula.parts) if isinstance(formula, Some | AtLeast) else 0


def _options(formula: Formula) -> Iterable[tuple[Formula, ...]]:
    """Ways in which a formula can hold; one of them applies if it does."""
    if isinstance(formula, Some):
        for part in formula.parts:
            yield (part,)
    elif isinstance(formula, AtLeast):
        (weight, first), rest = formula.parts[0], formula.parts[1:]
        needed = formula.needed - weight
        yield (first, AtLeast(needed, rest)) if needed > 0 else (first,)
        yield (AtLeast(formula.needed, rest),)
