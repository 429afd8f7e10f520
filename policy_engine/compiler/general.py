"""The units for requests whose task has no cell of its own, made when the first such request comes."""

from __future__ import annotations

from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.unit import Unit, cut, unit_of


class General:
    """
    The units that decide requests without a task, or with one that nobody declared.

    All rules are in them, so that making them takes as long as making those of all tasks together (.1 s for 10,000
    rules), and a bundle that declares its tasks may never need them. `rules` are those that they are made of.
    """

    __slots__ = ("_units", "rules")

    def __init__(self, rules: tuple[CompiledRule, ...], made: tuple[Unit, ...] | None = None) -> None:
        self.rules = rules
        self._units = made

    @property
    def made(self) -> tuple[Unit, ...]:
        """The units as far as they were made: all or none."""
        return self._units or ()

    def units(self) -> tuple[Unit, ...]:
        """The units, made now if they were not."""
        if self._units is None:
            # Threads that get here at once make the same units, and whichever stay are right.
            self._units = tuple(unit_of(piece, any_task=True) for piece in cut(self.rules))
        return self._units
