"""Tests of values that belong to one process."""

from __future__ import annotations

from policy_engine.state.process import PerProcess
from tests.state.programs import start


def test_a_process_has_one_value() -> None:
    """The value is made on first use, once."""
    values: list[object] = []
    mine = PerProcess(lambda: values.append(object()) or values[-1])
    before = mine.made()

    assert (before, mine.get(), mine.get(), mine.made()) == (None, values[0], values[0], values[0])
    assert len(values) == 1


def test_a_child_has_a_value_of_its_own() -> None:
    """In a forked child the value is made anew."""
    with start("inherit") as process:
        said, _ = process.communicate()

    assert said == "child True\nparent True\n"
