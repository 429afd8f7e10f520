"""
A server that is killed under the processes that count on it, and started again: requests go on, and nothing is lost.

The suite restarts it as soon as everybody has noticed; `python -m tests.e2e.test_outage 4 10` lets four processes go on
without it for ten seconds.
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

from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.signals.budgets import LEASE_S, Budgets, budgets_of
from policy_engine.state.open import open_state
from tests.servers.redis_process import RedisProcess

TOP = Path(__file__).parents[2]
# Two tokens in and four out, at $0.001 each.
COST_USD = Decimal("0.006")
POLICY = """\
version: 1
on_state_error: %s
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 1000}, max_output: 10}}
tiers: [{name: fast, models: [small]}]
budgets: {all: {amount: $1000000, window: month, zone: UTC}}
default: {route: fast}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How many requests of each process ended how, what they paid, the slowest uncounted, and what the budget says."""

    counted: tuple[int, ...]
    uncounted: tuple[int, ...]
    denied: tuple[int, ...]
    paid_usd: Decimal
    longest_s: float
    used_usd: Decimal
    used_later_usd: Decimal


def start(policies: Path, state: str) -> subprocess.Popen[str]:
    """A process that asks on and on."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.steady", policies, state],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_for(word: str, process: subprocess.Popen[str]) -> None:
    """Waits until a process says so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line == f"{word}\n":
            return
    raise AssertionError(f"the process ended without saying `{word}`")


def through_an_outage(folder: Path, on_state_error: str, *, processes: int, outage_s: float) -> Seen:
    """Kills a server under processes, starts it again after some seconds, and waits for all to count again."""
    policies = folder / "policies"
    policies.mkdir()
    (policies / "policy.yaml").write_text(POLICY % on_state_error, encoding="utf-8")
    in_outage = "denied" if on_state_error == "deny" else "uncounted"
    with RedisProcess(folder) as server:
        # The usual time-outs, which are part of what is tested.
        state = f"redis://127.0.0.1:{server.port}/0"
        started = [start(policies, state) for _ in range(processes)]
        for process in started:
            wait_for("counted", process)
        server.kill()
        until_s = time.monotonic() + outage_s
        for process in started:
            wait_for(in_outage, process)
        time.sleep(max(0.0, until_s - time.monotonic()))
        server.start()
        for process in started:
            wait_for("counted", process)
        ended = [_ended(process) for process in started]
        used, later = (used_usd(policies, state, after_s=after_s) for after_s in (0.0, LEASE_S + 1))
    return Seen(
        counted=tuple(one.get("counted", 0) for one in ended),
        uncounted=tuple(one.get("uncounted", 0) for one in ended),
        denied=tuple(one.get("denied", 0) for one in ended),
        paid_usd=sum((Decimal(one["paid_usd"]) for one in ended), Decimal(0)),
        longest_s=max(one["longest_s"] for one in ended),
        used_usd=used,
        used_later_usd=later,
    )


def used_usd(policies: Path, state: str, *, after_s: float) -> Decimal:
    """What the budget stands at, so many seconds from now."""
    policy_set = build(policies).policy_set
    assert policy_set is not None
    with closing(open_state(state)) as kept:
        budgets = Budgets(kept, budgets_of(policy_set.declarations))
        facts = Facts(Request(), policy_set.layout)
        return budgets.reserve(Decimal(0), facts, now_s=time.time() + after_s).standings[0].used_usd


def _ended(process: subprocess.Popen[str]) -> dict[str, int | float | str]:
    said, _ = process.communicate("stop\n", timeout=60)
    assert process.returncode == 0
    ended: dict[str, int | float | str] = json.loads(said.splitlines()[-1])
    return ended


def check_denied(seen: Seen) -> None:
    """Makes sure that requests were refused in the outage, and that what others paid was counted to the last digit."""
    assert all(seen.counted)
    assert all(seen.denied)
    assert seen.paid_usd == seen.used_usd == seen.used_later_usd


def check_allowed(seen: Seen, cost_usd: Decimal) -> None:
    """Makes sure that requests went on in the outage, and that of the others each was counted, once."""
    assert sum(seen.denied) == 0
    assert all(seen.uncounted)
    assert cost_usd * sum(seen.counted) <= seen.used_usd == seen.used_later_usd < seen.paid_usd


def test_requests_are_refused_while_the_server_is_gone(tmp_path: Path) -> None:
    """Where policies say `deny`, what was paid and what was counted is the same to the last digit afterwards."""
    seen = through_an_outage(tmp_path, "deny", processes=2, outage_s=0)

    check_denied(seen)


def test_requests_go_on_while_the_server_is_gone(tmp_path: Path) -> None:
    """Where policies say `allow`, requests go on uncounted, and those that were set aside before are counted once."""
    seen = through_an_outage(tmp_path, "allow", processes=2, outage_s=0)

    check_allowed(seen, COST_USD)


def main(processes: int, outage_s: float) -> None:
    """Says what is seen in longer outages."""
    for on_state_error in ("deny", "allow"):
        with tempfile.TemporaryDirectory() as place:
            seen = through_an_outage(Path(place), on_state_error, processes=processes, outage_s=outage_s)
        print(f"{on_state_error}: {seen}", flush=True)
        check_denied(seen) if on_state_error == "deny" else check_allowed(seen, COST_USD)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
