"""Tests of counters asked by group, as rules ask for them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from policy_engine.diagnostics import Address
from policy_engine.model.call import Failure, FailureKind
from policy_engine.model.effect import Limit
from policy_engine.model.facts import Facts
from policy_engine.model.layout import layout_of
from policy_engine.model.policy import Cascade, Declarations, Setting
from policy_engine.model.request import Request
from policy_engine.signals.counters import Counters, Measurements
from policy_engine.signals.sessions import Turn
from policy_engine.state.memory import MemoryState
from policy_engine.state.sqlite import SqliteState

ADDRESS = Address("policy.yaml", ())
LIMIT = Limit(max="30%", otherwise="last_answer", address=ADDRESS, min_requests=1)
DECLARED = Declarations(
    fingerprint="",
    budgets={"daily": Setting(name="daily", value={"amount": "$1", "window": "day"}, address=ADDRESS)},
    cascades={"careful": Cascade(name="careful", steps=(), limits={"escalation_rate": LIMIT}, address=ADDRESS)},
)
GROUPS = ("budget.daily", "escalation.careful", "latency.mini", "errors.mini", "session", "signal.risk", "cache.c")


def facts() -> Facts:
    """The facts of a request of a session."""
    return Facts(Request(session="c1"), layout_of(DECLARED))


def test_every_counter_is_asked_by_its_group() -> None:
    """Groups that are counters have values, and others are left to who knows them."""
    measured = Measurements()
    counters = Counters(DECLARED, state=MemoryState(), measured=measured)
    counters.budgets.reserve(Decimal("0.25"), facts(), now_s=0)
    counters.escalations.record("careful", escalated=True, now_s=0)
    counters.sessions.record("c1", Turn(model="mini", tier="fast"), now_s=0)
    measured.latencies.record("mini", 0.5, now_s=0)
    measured.failures.record("mini", Failure(kind=FailureKind.SERVER, message="", elapsed_s=0.1), now_s=0)

    assert {**measured.resolve(GROUPS, facts(), 1), **counters.resolve(GROUPS, facts(), 1)} == {
        "budget.daily": {"used": 0.25, "left": 0.75},
        "escalation.careful": {"rate": 1.0, "requests": 1},
        "latency.mini": {"p50": 0.5, "p95": 0.5},
        "errors.mini": {"rate": 1.0},
        "session": {"model": "mini", "tier": "fast", "escalations": 0, "errors": 0},
    }


def test_values_are_those_that_rules_accept() -> None:
    """Whatever a counter says fits the layout that facts are checked by."""
    counters = Counters(DECLARED, state=MemoryState(), measured=Measurements())
    groups = ("budget.daily", "escalation.careful", "session")

    known = facts().knowing(counters.resolve(groups, facts(), 0))

    assert (known.errors, set(known.signals)) == ((), set(groups))


def test_what_cannot_be_read_is_an_error_of_its_group(tmp_path: Path) -> None:
    """A state that cannot be used makes its counters errors, not raised; what is measured is there still."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    counters = Counters(DECLARED, state=SqliteState(path), measured=Measurements())

    learned = counters.resolve(("budget.daily", "session"), facts(), 0)

    reason = "a newer release wrote it (version 99 of its tables, this one knows 2)"
    assert {group: str(value) for group, value in learned.items()} == {
        "budget.daily": f"signal `budget.daily` failed: {reason}",
        "session": f"signal `session` failed: {reason}",
    }
    assert counters.measured.resolve(("errors.mini",), facts(), 0) == {"errors.mini": {"rate": 0.0}}
    assert (counters.blocking, counters.measured.blocking) == (True, False)
