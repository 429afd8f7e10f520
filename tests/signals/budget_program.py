"""A process that spends from a shared budget: `python -m tests.signals.budget_program PATH REQUESTS`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from zoneinfo import ZoneInfo

from policy_engine.model.facts import Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Declarations
from policy_engine.model.request import Request
from policy_engine.signals.budgets import Budget, Budgets
from policy_engine.signals.window import Window
from policy_engine.state.sqlite import SqliteState

NOW_S = 1_764_000_000.0
DOLLAR = Budget(name="daily", amount_nano=1_000_000_000, window=Window.DAY, zone=ZoneInfo("UTC"))
WORST_USD, PAID_USD = Decimal("0.013"), Decimal("0.0071")


def spend(path: str, requests: int) -> Decimal:
    """What was spent by so many requests at once, each of which calls only if the budget holds."""
    facts = Facts(Request(), layout_of(Declarations(fingerprint="")))
    with closing(SqliteState(path)) as state:
        budgets = Budgets(state, (DOLLAR,))

        def request(_: int) -> Decimal:
            reservation = budgets.reserve(WORST_USD, facts, now_s=NOW_S)
            paid = PAID_USD if reservation.holds else Decimal(0)
            budgets.settle(reservation, paid, now_s=NOW_S)
            return paid

        with ThreadPoolExecutor(requests) as pool:
            return sum(pool.map(request, range(requests)), Decimal(0))


if __name__ == "__main__":
    sys.stdin.readline()
    print(spend(sys.argv[1], int(sys.argv[2])), flush=True)
