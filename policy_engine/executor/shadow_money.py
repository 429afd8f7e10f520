"""What shadows may spend: budgets of their own, which refuse, unlike those that rules read."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from policy_engine.errors import StateError
from policy_engine.model.commands import Grant, Reserve, Settle
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.signals.budgets import Budgets, rate_budget
from policy_engine.state.state import State


class ShadowMoney:
    """
    The budget of one rule's shadows. Nothing is asked that it could not pay for, or whose price nobody knows.

    The budgets that rules read are not touched: else a shadow would change what is decided.
    """

    def __init__(
        self,
        budget: Budgets | None,
        facts: Facts,
        *,
        emit: Emit,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """`budget` None is no limit."""
        self._budget = budget
        self._facts = facts
        self._emit = emit
        self._wall_s = wall_s

    def reserve(self, command: Reserve) -> Grant:
        """What was set aside; `overtaken` if the call must not be made."""
        if self._budget is None:
            return Grant()
        if command.worst_usd is None:
            return Grant(overtaken=self._facts)
        try:
            reservation = self._budget.reserve(command.worst_usd, self._facts, now_s=self._wall_s())
        except StateError as error:
            return self.unreachable(error.reason)
        if reservation.holds:
            return Grant(token=reservation)
        self.release(Grant(token=reservation))
        return Grant(overtaken=self._facts)

    def release(self, grant: Grant) -> None:
        """Gives back what was set aside for a call that is not made."""
        self.settle(Settle(grant=grant, paid_usd=Decimal(0)))

    def settle(self, command: Settle) -> None:
        """Replaces what was set aside by what was paid."""
        if self._budget is None or command.grant.token is None:
            return
        try:
            self._budget.settle(command.grant.token, command.paid_usd, now_s=self._wall_s())
        except StateError as error:
            self._tell(error.reason)

    def unreachable(self, reason: str) -> Grant:
        """What stands for money that could not be set aside: the call must not be made."""
        self._tell(reason)
        return Grant(overtaken=self._facts)

    def _tell(self, reason: str) -> None:
        self._emit(SignalFailed(signal="shadow", reason=reason))


def shadow_budget(state: State, rule: str, written: str | None, zone: str | None) -> Budgets | None:
    """The budget of a rule's shadows (`$5/day`), None without one."""
    return None if written is None else Budgets(state, (rate_budget(f"{rule}/shadow", written, zone),))
