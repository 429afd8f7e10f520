"""The variables of a bundle with their cells, and what one fact says about another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policy_engine.analyzer.cells import Cell, Mark, Segment

KNOWN = 1
"""The first cell of a status: the facts of its group have values."""


YES = 2
"""The second cell of a test: it holds."""


@dataclass(slots=True)
class Space:
    """
    Variables by number; each list has one entry per variable.

    Attributes:
        names: fact or test that it stands for.
        cells: what its cells mean; those in which it is unknown come last.
        full, unknown: masks of all cells, and of those in which it is unknown.
        status: the variable that says whether its group is known, or -1.
        strict: whether it is known wherever its group is.
        below, above: variables whose numbers are at least, or at most, as large.
        usual: the cell in which it lies where nobody says anything, such as that of an attribute's default; else 0.
        holds, held: variables that are YES where this one is, and those that this one is YES for.
    """

    names: list[str] = field(default_factory=list)
    cells: list[tuple[Cell, ...]] = field(default_factory=list)
    full: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    strict: list[bool] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)
    holds: list[list[int]] = field(default_factory=list)
    held: list[list[int]] = field(default_factory=list)
    usual: list[int] = field(default_factory=list)
    needs: dict[int, int] = field(default_factory=dict)
    """Statuses that are known only where another is: a user message makes an input."""

    def add(self, name: str, known: Sequence[Cell], *, unknown: Sequence[Cell] = (), status: int = -1) -> int:
        """The number of a new variable, strict where it has a status."""
        number = len(self.names)
        self.names.append(name)
        self.cells.append((*known, *unknown))
        self.full.append((1 << len(known) + len(unknown)) - 1)
        self.unknown.append(((1 << len(unknown)) - 1) << len(known))
        self.status.append(status)
        self.strict.append(status >= 0)
        self.below.append([])
        self.above.append([])
        self.holds.append([])
        self.held.append([])
        self.usual.append(0)
        return number

    def imply(self, outer: int, inner: int) -> None:
        """Notes that a test comes out YES wherever another does."""
        self.holds[outer].append(inner)
        self.held[inner].append(outer)

    def order(self, lesser: int, greater: int) -> None:
        """Notes that one number is never above another."""
        self.below[lesser].append(greater)
        self.above[greater].append(lesser)

    def cells_left(self, state: Mapping[int, int], variable: int) -> int:
        """The cells in which the variable may still lie."""
        cells = state.get(variable, self.full[variable])
        status = self.status[variable]
        if status >= 0:
            group = state.get(status)
            if group is not None:
                if group == KNOWN:
                    return cells & ~self.unknown[variable] if self.strict[variable] else cells
                if not group & KNOWN:
                    return cells & self.unknown[variable]
        return cells

    def sparsest(self, state: Mapping[int, int], variable: int, *, usual: bool) -> int:
        """The cell that says least of those that are left: the `usual` one, unknown if it may be, else the first."""
        cells = self.cells_left(state, variable)
        if usual and cells & self.usual[variable]:
            return self.usual[variable]
        status = self.status[variable]
        known_group = status >= 0 and state.get(status) == KNOWN
        unknown = 0 if known_group else cells & self.unknown[variable]
        cells = unknown or cells & ~self.unknown[variable] or cells
        return cells & -cells

    def assign(self, state: dict[int, int], variable: int, mask: int) -> bool:
        """Keeps the variable to some cells, and others to what follows; False if nothing is left."""
        before = self.cells_left(state, variable)
        cells = before & mask
        if not cells:
            return False
        if cells == before and variable in state:
            return True
        state[variable] = cells
        return (
            self._follow_status(state, variable, cells)
            and self._follow_order(state, variable, cells)
            and self._follow_implied(state, variable, cells)
        )

    def _follow_status(self, state: dict[int, int], variable: int, cells: int) -> bool:
        status = self.status[variable]
        unknown = self.unknown[variable]
        if status >= 0:
            if not cells & unknown:
                return self.assign(state, status, KNOWN)
            if self.strict[variable] and not cells & ~unknown:
                return self.assign(state, status, self.full[status] & ~KNOWN)
        for lesser, greater in self.needs.items():
            if variable == lesser and cells == KNOWN and not self.assign(state, greater, KNOWN):
                return False
            if variable == greater and not cells & KNOWN:
                return self.assign(state, lesser, self.full[lesser] & ~KNOWN)
        return True

    def _follow_implied(self, state: dict[int, int], variable: int, cells: int) -> bool:
        if cells == YES:
            return all(self.assign(state, inner, YES) for inner in self.holds[variable])
        if not cells & YES:
            return all(self.assign(state, outer, self.full[outer] & ~YES) for outer in self.held[variable])
        return True

    def _follow_order(self, state: dict[int, int], variable: int, cells: int) -> bool:
        if cells & self.unknown[variable]:
            return True
        if self.below[variable]:
            least = self._end(variable, cells, lowest=True)
            for greater in self.below[variable]:
                if not self._keep(state, greater, least=least):
                    return False
        if self.above[variable]:
            most = self._end(variable, cells, lowest=False)
            for lesser in self.above[variable]:
                if not self._keep(state, lesser, most=most):
                    return False
        return True

    def _end(self, variable: int, cells: int, *, lowest: bool) -> float | None:
        """The lowest number in some cells, or the first above all of them; None if there is none."""
        parts = [cell for i, cell in enumerate(self.cells[variable]) if cells >> i & 1 and isinstance(cell, Segment)]
        return parts[0].low if lowest else parts[-1].high

    def _keep(
        self, state: dict[int, int], variable: int, *, least: float | None = None, most: float | None = None
    ) -> bool:
        allowed = 0
        for i, cell in enumerate(self.cells[variable]):
            fits = not isinstance(cell, Segment) or (
                (least is None or cell.high is None or cell.high > least)
                and (most is None or cell.low is None or cell.low < most)
            )
            allowed |= fits << i
        return allowed == self.full[variable] or self.assign(state, variable, allowed)

    def cells_of(self, mask: int, variable: int) -> list[Cell]:
        """What the cells of a mask mean."""
        return [cell for i, cell in enumerate(self.cells[variable]) if mask >> i & 1]


UNSAID = (Mark.ABSENT,)
"""The unknown cells of a fact that can only be absent."""
