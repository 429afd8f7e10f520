"""A budget shared by processes: it is never overspent, and ledger, budget and server agree to the last digit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from policy_engine.ledger.read import Reader
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.signals.budgets import Budgets, budgets_of
from policy_engine.state.sqlite import SqliteState
from tests.servers.openai_wire import completion_answer
from tests.servers.scripted import ScriptedServer

TOP = Path(__file__).parents[2]
REQUESTS = 200
# A call's bound is $0.015: 12 tokens in and 3 out. The wire's usage is 12 in (4 of them cached) and 3 out: $0.013.
PAID_USD = Decimal("0.013")
BOUND_USD = Decimal("0.015")
POLICY = """\
version: 1
providers: {near: {kind: openai, base_url: "%s/v1", api_key: "${PE_TEST_KEY}", retries: 0}}
models:
  small: {provider: near, model: gpt-4o-mini, price: {input: 1000, output: 1000, cached_input: 500}, context: 128k}
tiers: [{name: fast, models: [small]}]
on_state_error: deny
budgets: {all: {amount: $1.00, window: month, zone: UTC}}
rules:
  - name: spent
    when: {budget: {all: {used: {gte: 100%%}}}}
    on_unknown: match
    then: {deny: {status: 429, message: Nothing is left this month.}}
default: {route: fast}
"""


def start(policies: Path, state: Path, ledger: Path) -> subprocess.Popen[str]:
    """A process that is about to spend."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.spending", policies, state, ledger, str(REQUESTS)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP), "PE_TEST_KEY": "sk-secret"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_never_overspend_a_budget(tmp_path: Path) -> None:
    """200 requests at once in each of two processes stop at a dollar, and everybody counts the same."""
    policies, state, ledger = tmp_path / "policies", tmp_path / "state.db", tmp_path / "ledger.db"
    policies.mkdir()
    with ScriptedServer(completion_answer("Yes.")) as server:
        (policies / "policy.yaml").write_text(POLICY % server.url, encoding="utf-8")
        processes = [start(policies, state, ledger) for _ in range(2)]
        ended = [json.loads(process.communicate("go\n", timeout=120)[0]) for process in processes]
        calls = len(server.requests)

    with closing(Reader(ledger)) as reader:
        records = list(reader.records())
    assert [process.returncode for process in processes] == [0, 0]
    assert [sum(one.get(status, 0) for status in ("accepted", "denied")) for one in ended] == [REQUESTS] * 2
    assert [one["uncounted"] for one in ended] == [0, 0]
    assert len({record.id for record in records}) == len(records) == 2 * REQUESTS
    assert sum(one.get("accepted", 0) for one in ended) == calls
    assert sum(record.cost_usd or 0 for record in records) == calls * PAID_USD == spent_usd(policies, state)
    # Never a cent more; and no less than what could not be reserved any more while others held their bounds.
    assert calls * PAID_USD <= 1
    assert calls >= 1 // BOUND_USD


def spent_usd(policies: Path, state: Path) -> Decimal:
    """What the budget stands at when all is settled."""
    policy_set = build(policies).policy_set
    assert policy_set is not None
    with closing(SqliteState(state)) as kept:
        budgets = Budgets(kept, budgets_of(policy_set.declarations))
        facts = Facts(Request(), policy_set.layout)
        return budgets.reserve(Decimal(0), facts, now_s=time.time()).standings[0].used_usd
