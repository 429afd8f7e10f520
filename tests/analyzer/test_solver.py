"""Questions about one space."""

import pytest

from policy_engine.analyzer.cells import Mark
from policy_engine.analyzer.formula import Literal, Some
from policy_engine.analyzer.solver import Beside, Solver
from policy_engine.analyzer.space import Space


@pytest.fixture
def solver() -> Solver:
    """Two variables of three cells."""
    space = Space()
    for name in ("x", "y"):
        space.add(name, (Mark.YES, Mark.NO, Mark.OTHER))
    return Solver(space)


def test_what_follows_is_not_open_beside_a_formula(solver: Solver) -> None:
    """What holds wherever the formula does is left out; what may or may not hold stays."""
    others = [Literal(0, 0b011), Literal(1, 0b001), Some((Literal(0, 0b100), Literal(1, 0b110)))]

    assert solver.beside(Literal(0, 0b001), others) == Beside(open=(1, 2))


def test_what_cannot_hold_beside_a_formula_shuts_it_off(solver: Solver) -> None:
    """Those that come after it are not looked at."""
    others = [Literal(1, 0b001), Literal(0, 0b110), Literal(1, 0b010)]

    assert solver.beside(Literal(0, 0b001), others) == Beside(open=(1,), shut=1)


def test_nothing_is_open_beside_what_never_holds(solver: Solver) -> None:
    """A formula without a cell has nothing beside it."""
    assert solver.beside(Literal(0, 0), [Literal(1, 0b001)]) == Beside(open=())


def test_a_question_that_takes_too_long_leaves_all_open(solver: Solver) -> None:
    """Nothing is said of what was not looked at."""
    solver.left = 1

    assert solver.beside(Literal(0, 0b001), [Literal(1, 0b001), Literal(0, 0b110)]) == Beside(open=(0, 1))
