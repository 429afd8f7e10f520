"""A task with few rules: one program finds its rule, and the decision that this comes to is made before it is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from policy_engine.compiler.program import First
from policy_engine.compiler.unit import Unit
from policy_engine.model.condition import Scalar
from policy_engine.model.decision import CLEAN, Decision, Origin, decision_of
from policy_engine.model.facts import Facts
from policy_engine.model.plan import Verdict

Prepared = tuple[int, Decision | None]
"""
Up to how many characters of a plain text request need no closer look at the models (-1: every request needs one), and
the decision about such a request.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shortcut:
    """
    The rules of one task, where they are one small unit or none.

    Attributes:
        reading: bits of all groups that are read.
        first: gives the position of the first rule that holds, -1 if none does.
        prepared: what each rule comes to, and in the end what none comes to.
    """

    reading: int
    first: First
    prepared: Sequence[Prepared]

    def decision(self, facts: Facts) -> Decision | None:
        """The decision about a plain text request of which everything is known; None where a closer look is due."""
        request = facts.request
        if facts.missing & self.reading or not request.is_plain or facts.errors:
            return None
        try:
            room, decision = self.prepared[self.first(facts)]
        except ArithmeticError:
            return None  # something turned out unknown
        if decision is None or len(request.input) > room:  # type: ignore[arg-type]  # what is plain has input
            return None
        name = request.id
        return decision if name is None else decision_of(name, decision.origin, decision.verdict, CLEAN)


def shortcuts_of(cells: Mapping[Scalar, Sequence[Unit]], default: Verdict, origin: Origin) -> Mapping[Scalar, Shortcut]:
    """The shortcuts of the tasks that have one."""
    last = (default.room, decision_of(None, origin, default, CLEAN))
    made = ((task, _shortcut(units, last, origin)) for task, units in cells.items())
    return {task: shortcut for task, shortcut in made if shortcut is not None}


def _shortcut(units: Sequence[Unit], last: Prepared, origin: Origin) -> Shortcut | None:
    if not units:
        return Shortcut(reading=0, first=_none, prepared=(last,))
    unit = units[0]
    if len(units) > 1 or unit.first is None:
        return None
    prepared = [_prepared(rule.verdict, origin) for rule in unit.rules]
    return Shortcut(reading=unit.reading, first=unit.first, prepared=(*prepared, last))


def _prepared(verdict: Verdict | None, origin: Origin) -> Prepared:
    """A rule that only modifies others decides nothing."""
    return (-1, None) if verdict is None else (verdict.room, decision_of(None, origin, verdict, CLEAN))


def _none(_: Facts) -> int:
    return -1
