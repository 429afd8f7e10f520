"""A disk that is full: requests go on, it is told, and when there is room again nothing that waited is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

resource = pytest.importorskip("resource", reason="there are no limits of files to fill a disk with")

TOP = Path(__file__).parents[2]
POLICY = """\
version: 1
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 1000}}}
tiers: [{name: fast, models: [small]}]
budgets: {all: {amount: $1, window: month}}
default: {route: fast}
"""
# The ledger's file, the state's too, may not grow beyond 200 KB for a while. A full disk looks just like that.
PROGRAM = """
import json, resource, sys, threading
from policy_engine import Engine, Request
from policy_engine.ledger.open import Ledger
from policy_engine.ledger.read import Reader
from policy_engine.ledger.writer import Pace
from policy_engine.model.events import LedgerFailed, LedgerRecovered, SignalFailed

told, failed = [], threading.Event()
def tell(event):
    if isinstance(event, LedgerFailed | LedgerRecovered | SignalFailed):
        told.append(f"{event.name}: {getattr(event, 'reason', '')}")
    if isinstance(event, LedgerFailed):
        failed.set()

policies, ledger, state = sys.argv[1:]
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
kept = Ledger(address=ledger, pace=Pace(batch=50, retry_s=0.01, capacity=1000))
with Engine.open(policies, watch=False, ledger=kept, state=state, on_event=tell) as engine:
    request = Request(input="hello", params={"max_tokens": 10})
    before = [engine.complete(request) for _ in range(10)]
    engine.flush()
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, most))
    during = [engine.complete(request) for _ in range(900)]
    failed.wait(30)
    full = engine.ledger_status()
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    after = engine.complete(request)
    flushed = engine.flush(30)
    status = engine.ledger_status()
outcomes = [*before, *during, after]
print(json.dumps({
    "statuses": sorted({str(outcome.status) for outcome in outcomes}),
    "uncounted": [any(outcome.uncounted for outcome in some) for some in (before, during, [after])],
    "full": [full.waiting > 0, full.error],
    "after": [flushed, status.waiting, status.written, status.dropped, status.error],
    "records": Reader(ledger).count(),
    "told": list(dict.fromkeys(told)),
}))
"""


def test_a_full_disk_fails_no_request_and_is_told(tmp_path: Path) -> None:
    """Every request is answered; what cannot be written waits and is written later; budgets say what they missed."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yaml").write_text(POLICY)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *(str(tmp_path / name) for name in ("policies", "ledger.db", "state.db"))],
        env={**os.environ, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["statuses"] == ["accepted"]
    assert found["uncounted"] == [False, True, False]
    assert found["full"] == [True, "disk I/O error"]
    assert found["after"] == [True, 0, 911, 0, None]
    assert found["records"] == 911
    assert set(found["told"]) == {
        "ledger.failed: disk I/O error",
        "signal.failed: disk I/O error",
        "ledger.recovered: ",
    }
