"""Decisions that budgets overtake: between a decision and its first call others may have spent what it counted on."""

from __future__ import annotations

from decimal import Decimal

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.progress import Needs
from policy_engine.evaluator.run import run
from policy_engine.model.decision import Decision
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.signals.budgets import Reservation, Standing


class Recheck:
    """
    Looks at a decision again when a budget that it rests on no longer holds.

    A budget refuses nothing by itself: its rules do. So the rules are asked again, with the money of this call counted
    as used. If they decide the same, the call is made.
    """

    def __init__(self, policy_set: PolicySet, decision: Decision, facts: Facts) -> None:
        self._policy_set = policy_set
        self._decision = decision
        self._facts = facts

    def overtaken(self, reservation: Reservation) -> Facts | None:
        """The facts by which the policies decide otherwise, None if they do not."""
        over = {f"budget.{one.budget}": _value(one) for one in reservation.standings if not one.holds}
        read = {group: value for group, value in over.items() if self._rests_on(group, value["used"])}
        if not read:
            return None
        facts = self._facts.without(read).knowing(read)
        decided = run(self._policy_set, facts)
        is_same = not isinstance(decided, Needs) and decided.verdict == self._decision.verdict
        return None if is_same else facts

    def _rests_on(self, group: str, used: float) -> bool:
        """Whether some rule asked for a budget, was told that less is used, and not by the request itself."""
        section, _, name = group.partition(".")
        supplied = self._facts.request.signals.get(section, {})
        known = self._facts.signals.get(group, UNKNOWN)
        # Deciding again and again ends, since each time more has to be used than the last.
        return known is not UNKNOWN and name not in supplied and bool(known["used"] < used)


def _value(standing: Standing) -> dict[str, float]:
    used, amount = standing.used_usd, standing.amount_usd
    return {"used": float(used / amount) if amount else 1.0, "left": float(max(Decimal(0), amount - used))}
