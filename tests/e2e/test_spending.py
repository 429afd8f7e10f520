"""
A budget shared by processes: it is never overspent, and ledger, budget and server agree to the last digit.

The suite has two processes of 200 requests and a dollar; `python -m tests.e2e.test_spending 4 250 1` has four of 250,
and `4 1000 100` has enough for all of 4,000 that come at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from policy_engine.ledger.read import Reader
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.signals.budgets import Budgets, budgets_of
from policy_engine.state.open import open_state
from tests.servers.openai_wire import completion_answer
from tests.servers.redis_process import RedisProcess
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
budgets: {all: {amount: $%d, window: month, zone: UTC}}
rules:
  - name: spent
    when: {budget: {all: {used: {gte: 100%%}}}}
    on_unknown: match
    then: {deny: {status: 429, message: Nothing is left this month.}}
default: {route: fast}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """How each process's requests ended, what was called, and what ledger and budget say that was spent."""

    ended: tuple[dict[str, int], ...]
    calls: int
    records: int
    by_ledger_usd: Decimal
    by_budget_usd: Decimal


def start(policies: Path, state: str, ledger: Path, requests: int) -> subprocess.Popen[str]:
    """A process that is about to spend."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.spending", policies, state, ledger, str(requests)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP), "PE_TEST_KEY": "sk-secret"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def spend(folder: Path, state: str, *, processes: int, requests: int, amount_usd: int = 1) -> Spent:
    """Has processes spend at the same time, of so many dollars in all."""
    policies, ledger = folder / "policies", folder / "ledger.db"
    policies.mkdir()
    with ScriptedServer(completion_answer("Yes.")) as server:
        (policies / "policy.yaml").write_text(POLICY % (server.url, amount_usd), encoding="utf-8")
        started = [start(policies, state, ledger, requests) for _ in range(processes)]
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        ended = tuple(json.loads(process.communicate(timeout=300)[0]) for process in started)
        calls = len(server.requests)
    with closing(Reader(ledger)) as reader:
        records = list(reader.records())
    return Spent(
        ended=ended,
        calls=calls,
        records=len({record.id for record in records}),
        by_ledger_usd=sum((record.cost_usd or Decimal(0) for record in records), Decimal(0)),
        by_budget_usd=spent_usd(policies, state),
    )


def spent_usd(policies: Path, state: str) -> Decimal:
    """What the budget stands at when all is settled."""
    policy_set = build(policies).policy_set
    assert policy_set is not None
    with closing(open_state(state)) as kept:
        budgets = Budgets(kept, budgets_of(policy_set.declarations))
        facts = Facts(Request(), policy_set.layout)
        return budgets.reserve(Decimal(0), facts, now_s=time.time()).standings[0].used_usd


def check(spent: Spent, *, processes: int, requests: int, amount_usd: int = 1) -> None:
    """Makes sure that everything adds up."""
    ended = [sum(one.get(status, 0) for status in ("accepted", "denied")) for one in spent.ended]
    assert ended == [requests] * processes
    assert [one["uncounted"] for one in spent.ended] == [0] * processes
    assert spent.records == processes * requests
    assert sum(one.get("accepted", 0) for one in spent.ended) == spent.calls
    assert spent.by_ledger_usd == spent.calls * PAID_USD == spent.by_budget_usd
    # Never a cent more; and no less than what could not be reserved any more while others held their bounds.
    assert spent.by_budget_usd <= amount_usd
    assert spent.calls >= min(processes * requests, amount_usd // BOUND_USD)


def test_two_processes_never_overspend_a_budget(shared_address: str, tmp_path: Path) -> None:
    """200 requests at once in each of two processes stop at a dollar, and everybody counts the same."""
    spent = spend(tmp_path, shared_address, processes=2, requests=REQUESTS)

    check(spent, processes=2, requests=REQUESTS)


if __name__ == "__main__":
    processes, requests, amount_usd = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place, RedisProcess(Path(place), "--appendonly", "no") as server:
        for name, state in (("sqlite", f"sqlite:///{place}/state.db"), ("redis", server.address)):
            folder = Path(place) / name
            folder.mkdir()
            spent = spend(folder, state, processes=processes, requests=requests, amount_usd=amount_usd)
            print(f"{name}: {spent}", flush=True)
            check(spent, processes=processes, requests=requests, amount_usd=amount_usd)
