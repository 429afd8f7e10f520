"""Tests of budgets: reserved at the bound, settled at the truth, exact whoever counts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Address
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Attribute, AttributeType, Declarations, Setting
from policy_engine.model.quantity import QuantityError
from policy_engine.model.request import Request
from policy_engine.signals.budgets import LEASE_S, Budget, Budgets, Reservation, Standing, budgets_of, rate_budget
from policy_engine.signals.window import Window
from policy_engine.state.memory import MemoryState
from policy_engine.state.sqlite import SqliteState
from tests.signals import budget_program
from tests.signals.budget_program import DOLLAR, NOW_S, PAID_USD, WORST_USD

TOP = Path(__file__).parent.parent.parent
ADDRESS = Address("policy.yaml", ("budgets",))
# Nobody is refused before this many have been let through, each of which pays.
LEAST_USD = 1 // WORST_USD * PAID_USD
TENANT = Attribute(name="tenant", type=AttributeType.STRING, address=ADDRESS, source="metadata:tenant")


def declared(zone: str | None = None, **budgets: Mapping[str, Any]) -> Declarations:
    """Declarations of budgets and of the attribute `tenant`."""
    settings = {name: Setting(name=name, value=value, address=ADDRESS) for name, value in budgets.items()}
    return Declarations(fingerprint="", zone=zone, attributes={"tenant": TENANT}, budgets=settings)


def facts(**request: Any) -> Facts:
    """The facts of a request."""
    return Facts(Request(**request), layout_of(declared()))


def daily(**more: Any) -> Budget:
    """A budget of a dollar a day, of UTC."""
    return Budget(name="daily", amount_nano=1_000_000_000, window=Window.DAY, zone=ZoneInfo("UTC"), **more)


def usd(written: str) -> Decimal:
    """An amount."""
    return Decimal(written)


def test_declared_budgets_are_read() -> None:
    """Amounts are exact, and a zone left out is the bundle's, else UTC."""
    own = {"amount": "$50", "window": "day", "zone": "Europe/Berlin", "scope": ["tenant"]}

    assert budgets_of(declared("Asia/Tokyo", a=own, b={"amount": "$0.1", "window": "month"})) == (
        Budget(
            name="a",
            amount_nano=50_000_000_000,
            window=Window.DAY,
            zone=ZoneInfo("Europe/Berlin"),
            scope=("tenant",),
        ),
        Budget(name="b", amount_nano=100_000_000, window=Window.MONTH, zone=ZoneInfo("Asia/Tokyo")),
    )
    assert budgets_of(declared(c={"amount": "$1", "window": "hour"}))[0].zone == ZoneInfo("UTC")


def test_a_spending_rate_is_a_budget() -> None:
    """What a shadow may spend counts by the same windows; other things are refused."""
    assert rate_budget("shadow", "$5/day") == Budget(
        name="shadow", amount_nano=5_000_000_000, window=Window.DAY, zone=ZoneInfo("UTC")
    )
    with pytest.raises(QuantityError):
        rate_budget("shadow", "$5")


def test_a_reservation_says_where_budgets_stand() -> None:
    """What is set aside counts at once, and the reservation says for each budget whether it holds."""
    hourly = Budget(name="hourly", amount_nano=500_000_000, window=Window.HOUR, zone=ZoneInfo("UTC"))
    budgets = Budgets(MemoryState(), (daily(), hourly))
    budgets.reserve(usd("0.3"), facts(), now_s=NOW_S)

    reservation = budgets.reserve(usd("0.4"), facts(), now_s=NOW_S)

    assert reservation.standings == (
        Standing(budget="daily", used_usd=usd("0.7"), amount_usd=usd("1")),
        Standing(budget="hourly", used_usd=usd("0.7"), amount_usd=usd("0.5")),
    )
    assert (reservation.holds, reservation.over) == (False, ("hourly",))


def test_a_budget_that_is_used_up_exactly_holds() -> None:
    """The last cent may be spent, and not a billionth more."""
    budgets = Budgets(MemoryState(), (daily(),))

    assert budgets.reserve(usd("1"), facts(), now_s=NOW_S).holds is True
    assert budgets.reserve(usd("0.0000000001"), facts(), now_s=NOW_S).holds is False


def test_settling_puts_the_truth_in_the_place_of_the_bound() -> None:
    """After a call its true cost counts, or its bound if that is all that is known; once, whoever settles again."""
    budgets = Budgets(MemoryState(), (daily(),))
    known, unknown = (budgets.reserve(usd("0.25"), facts(), now_s=NOW_S) for _ in range(2))

    counted = [
        budgets.settle(known, usd("0.05"), now_s=NOW_S),
        budgets.settle(unknown, None, now_s=NOW_S),
        budgets.settle(known, usd("0.05"), now_s=NOW_S),
    ]

    assert counted == [True, True, False]
    assert budgets.read("daily", facts(), now_s=NOW_S) == {"used": 0.3, "left": 0.7}


def test_a_reservation_of_nobody_is_free_when_its_lease_ends() -> None:
    """What is never settled is free again after the lease, and a truth that comes later counts all the same."""
    budgets = Budgets(MemoryState(), (daily(),))
    reservation = budgets.reserve(usd("0.5"), facts(), now_s=NOW_S)

    assert budgets.read("daily", facts(), now_s=NOW_S + LEASE_S - 1) == {"used": 0.5, "left": 0.5}
    assert budgets.read("daily", facts(), now_s=NOW_S + LEASE_S) == {"used": 0.0, "left": 1.0}

    budgets.settle(reservation, usd("0.25"), now_s=NOW_S + LEASE_S)

    assert budgets.read("daily", facts(), now_s=NOW_S + LEASE_S) == {"used": 0.25, "left": 0.75}


def test_counting_begins_anew_with_the_window() -> None:
    """A new window starts at 0, and what is settled in it belongs to the window that it was reserved in."""
    budgets = Budgets(MemoryState(), (daily(),))
    midnight_s = (NOW_S // 86_400 + 1) * 86_400
    reservation = budgets.reserve(usd("0.5"), facts(), now_s=midnight_s - 1)

    budgets.settle(reservation, usd("0.5"), now_s=midnight_s)

    assert budgets.read("daily", facts(), now_s=midnight_s) == {"used": 0.0, "left": 1.0}


def test_scopes_are_counted_apart() -> None:
    """Each tenant has the whole budget, and so does each user of each session."""
    tenants = Budgets(MemoryState(), (daily(scope=("tenant",)),))
    people = Budgets(MemoryState(), (daily(scope=("session", "user")),))
    tenants.reserve(usd("0.5"), facts(attributes={"tenant": "a"}), now_s=NOW_S)
    people.reserve(usd("0.5"), facts(session="a", user="b"), now_s=NOW_S)

    assert tenants.read("daily", facts(attributes={"tenant": "a"}), now_s=NOW_S) == {"used": 0.5, "left": 0.5}
    assert tenants.read("daily", facts(attributes={"tenant": "b"}), now_s=NOW_S) == {"used": 0.0, "left": 1.0}
    assert people.read("daily", facts(session="a", user="b"), now_s=NOW_S) == {"used": 0.5, "left": 0.5}
    assert people.read("daily", facts(session="b", user="a"), now_s=NOW_S) == {"used": 0.0, "left": 1.0}


def test_without_a_value_for_its_scope_a_budget_is_unknown_but_counts() -> None:
    """A request without tenant reads no budget of tenants, yet what such requests spend together is held to one."""
    budgets = Budgets(MemoryState(), (daily(scope=("tenant",)),))
    budgets.reserve(usd("0.75"), facts(), now_s=NOW_S)

    assert budgets.read("daily", facts(), now_s=NOW_S) is UNKNOWN
    assert budgets.reserve(usd("0.5"), facts(attributes={"tenant": 7}), now_s=NOW_S).over == ("daily",)


def test_an_unknown_price_sets_nothing_aside() -> None:
    """A call without known bound reserves nothing, and its truth counts once it is known."""
    budgets = Budgets(MemoryState(), (daily(),))
    reservation = budgets.reserve(None, facts(), now_s=NOW_S)
    before = budgets.read("daily", facts(), now_s=NOW_S)

    budgets.settle(reservation, usd("0.5"), now_s=NOW_S)

    assert (before, budgets.read("daily", facts(), now_s=NOW_S)) == (
        {"used": 0.0, "left": 1.0},
        {"used": 0.5, "left": 0.5},
    )


def test_a_budget_may_be_overspent() -> None:
    """A budget refuses nothing by itself: the share passes 1 and nothing is left."""
    budgets = Budgets(MemoryState(), (daily(),))
    budgets.settle(budgets.reserve(usd("1.5"), facts(), now_s=NOW_S), None, now_s=NOW_S)

    assert budgets.read("daily", facts(), now_s=NOW_S) == {"used": 1.5, "left": 0.0}


def test_a_budget_of_nothing_is_used_up() -> None:
    """Of no dollars, everything is used."""
    none = Budget(name="none", amount_nano=0, window=Window.DAY, zone=ZoneInfo("UTC"))

    assert Budgets(MemoryState(), (none,)).read("none", facts(), now_s=NOW_S) == {"used": 1.0, "left": 0.0}


def test_what_was_not_set_aside_can_be_counted() -> None:
    """Money that is paid without a reservation is used in every budget, from then on."""
    budgets = Budgets(MemoryState(), (daily(),))
    budgets.spend(usd("0.25"), facts(), now_s=NOW_S)

    assert budgets.read("daily", facts(), now_s=NOW_S) == {"used": 0.25, "left": 0.75}


def test_without_budgets_nothing_is_counted() -> None:
    """Where no budget is declared a reservation holds and needs no state."""
    budgets = Budgets(MemoryState(), ())
    reservation = budgets.reserve(usd("1"), facts(), now_s=NOW_S)

    assert (reservation, reservation.holds) == (Reservation(lease=None), True)
    assert budgets.settle(reservation, usd("1"), now_s=NOW_S) is False
    assert budgets.read("daily", facts(), now_s=NOW_S) is UNKNOWN


CALLS = st.lists(st.tuples(st.integers(0, 400_000_000), st.integers(0, 400_000_000) | st.none()), max_size=12)


@given(CALLS)
def test_a_budget_holds_if_its_callers_heed_it(calls: list[tuple[int, int | None]]) -> None:
    """If none calls who is told that it does not hold, and none pays above its bound, no more is ever used."""
    budgets = Budgets(MemoryState(), (daily(),))
    paid_nano = 0
    for worst, truth in calls:
        reservation = budgets.reserve(Decimal(worst) / 10**9, facts(), now_s=NOW_S)
        paid = 0 if not reservation.holds else worst if truth is None else min(worst, truth)
        budgets.settle(reservation, Decimal(paid) / 10**9, now_s=NOW_S)
        paid_nano += paid

    assert paid_nano <= 1_000_000_000
    assert budgets.reserve(usd("0"), facts(), now_s=NOW_S).standings[0].used_usd == Decimal(paid_nano) / 10**9


def test_two_processes_never_spend_more_than_a_dollar(tmp_path: Path) -> None:
    """Of 200 requests at once in each of two processes no more are told that a dollar holds than it pays for."""
    path = tmp_path / "state.db"
    command = [sys.executable, "-m", "tests.signals.budget_program", str(path), "200"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": TOP}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as two:
        for process in (one, two):
            process.stdin.write("go\n")
            process.stdin.flush()
        spent = sum(Decimal(process.stdout.read()) for process in (one, two))

    with closing(SqliteState(path)) as state:
        left = Budgets(state, (DOLLAR,)).reserve(usd("0"), facts(), now_s=NOW_S).standings[0]
    assert LEAST_USD <= spent <= usd("1")
    assert left.used_usd == spent
    assert spent % PAID_USD == 0


def test_one_process_never_spends_more_than_a_dollar(tmp_path: Path) -> None:
    """The same with the threads of this process."""
    assert LEAST_USD <= budget_program.spend(str(tmp_path / "state.db"), 200) <= usd("1")
