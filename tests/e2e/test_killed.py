"""
A process killed in the middle of its work: what it leaves behind can be used, and counts nothing twice.

The suite kills early in the work; `python -m tests.e2e.test_killed 5000` kills in the middle of 10,000 calls.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from policy_engine.ledger.read import Reader
from policy_engine.ledger.writer import Pace
from policy_engine.signals.budgets import LEASE_S
from policy_engine.state.sqlite import SqliteState

TOP = Path(__file__).parents[2]
CALLS = 10_000
WORKERS = 8
AGAIN = 100
# A call's bound is $0.012, 2 tokens in and 10 out; it costs 0.006, since the answer has 4. In billionths of a dollar:
PAID, BOUND = 6_000_000, 12_000_000
POLICY = """\
version: 1
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 1000}, max_output: 10}}
tiers: [{name: fast, models: [small]}]
budgets: {all: {amount: $1000000, window: month, zone: UTC}}
rules: [{name: capped, then: {params: {max_tokens: 10}}}]
default: {route: fast}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is found on the disk: finished calls, distinct and all records, billionths settled, held now and later."""

    finished: int
    distinct: int
    records: int
    settled: int
    held: int
    held_later: int


def start(folder: Path, calls: int) -> subprocess.Popen[str]:
    """A process that carries out so many requests."""
    places = [folder / name for name in ("policies", "state.db", "ledger.db", "done")]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.carrying", *map(str, places), str(calls), str(WORKERS)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(process: subprocess.Popen[str], calls: int) -> None:
    """Kills a process once it has said that so many calls are done."""
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= calls:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)


def left_behind(folder: Path) -> Left:
    """What is in the files."""
    with closing(Reader(folder / "ledger.db")) as reader:
        requests = [record.id for record in reader.records()]
    with closing(sqlite3.connect(folder / "state.db")) as state:
        keys = [key for (key,) in state.execute("SELECT key FROM counters WHERE key LIKE 'budget/%'")]
        settled = state.execute("SELECT sum(amount) FROM counters WHERE key LIKE 'budget/%'").fetchone()[0]
    return Left(
        finished=(folder / "done").stat().st_size,
        distinct=len(set(requests)),
        records=len(requests),
        settled=settled,
        held=standing(folder, keys, time.time()) - settled,
        held_later=standing(folder, keys, time.time() + LEASE_S + 1) - settled,
    )


def standing(folder: Path, keys: Sequence[str], now_s: float) -> int:
    """What the budget stands at, with what is held of it."""
    with closing(SqliteState(folder / "state.db")) as state:
        return sum(state.counts(keys, now_s=now_s))


def killed_and_restarted(folder: Path, after: int) -> tuple[Left, Left]:
    """What a killed process leaves, and what is there when another has done some more and ended well."""
    (folder / "policies").mkdir()
    (folder / "policies" / "policy.yaml").write_text(POLICY)
    process = start(folder, CALLS)
    kill_after(process, after)
    assert process.returncode == -signal.SIGKILL
    first = left_behind(folder)
    again = start(folder, AGAIN)
    again.communicate(timeout=60)
    assert again.returncode == 0
    return first, left_behind(folder)


def check(first: Left, second: Left) -> None:
    """What must hold, whenever the process was killed."""
    calls = first.settled // PAID
    # A call is settled before it is finished; those under way at the end are at most one for each worker.
    assert first.settled % PAID == 0
    assert first.finished <= calls <= first.finished + WORKERS
    assert first.records == first.distinct
    assert first.finished - Pace().batch <= first.records <= first.finished + WORKERS
    assert first.held % BOUND == 0
    assert first.held <= WORKERS * BOUND
    assert first.held_later == 0
    assert second.records == second.distinct == first.records + AGAIN
    assert second.settled == first.settled + AGAIN * PAID
    assert second.held_later == 0


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes cannot be killed like this")
def test_a_killed_process_leaves_files_in_order(tmp_path: Path) -> None:
    """
    The ledger opens and misses no more than a batch, every finished call is counted once, before and after a restart,
    and what the dead process had set aside is free when its leases end.
    """
    check(*killed_and_restarted(tmp_path, after=500))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = killed_and_restarted(Path(folder), int(sys.argv[1]))
    check(*found)
    print(*found, sep="\n")
