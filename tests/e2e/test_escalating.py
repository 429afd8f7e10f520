"""
A limit for the rate of escalations, shared by processes: once it is passed, no request begins below the declared tier.

The suite has two processes; `python -m tests.e2e.test_escalating 4 500` has four of 500 requests, on both states.
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
from pathlib import Path

from policy_engine.pipeline import build
from policy_engine.signals.escalations import Escalations, tallies_of
from policy_engine.state.open import open_state
from tests.servers.redis_process import RedisProcess

TOP = Path(__file__).parents[2]
FROM = 20
POLICY = f"""\
version: 1
on_state_error: deny
providers: {{local: {{kind: fake, reply: a fine answer}}}}
models:
  small: {{provider: local, model: s, price: {{input: 1, output: 1}}}}
  large: {{provider: local, model: l, price: {{input: 10, output: 10}}}}
  huge: {{provider: local, model: h, price: {{input: 100, output: 100}}}}
tiers: [{{name: fast, models: [small]}}, {{name: strong, models: [large]}}, {{name: best, models: [huge]}}]
cascades:
  careful:
    steps:
      - {{route: small, accept: {{output: {{chars: {{gte: 99}}}}}}}}
      - {{route: strong, accept: {{output: {{chars: {{gte: 99}}}}}}}}
      - {{route: best}}
    limits:
      escalations: 1
      escalation_rate: {{max: 30%, window: 1h, min_requests: {FROM}, otherwise: strong}}
default: {{cascade: careful}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How many requests began at each step, the most escalations of one, and what is counted in the state."""

    first: int
    second: int
    most: int
    requests: float
    rate: float


def start(policies: Path, state: str, requests: int) -> subprocess.Popen[str]:
    """A process that is about to ask."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.escalating", policies, state, str(requests)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def escalate(folder: Path, state: str, *, processes: int, requests: int) -> Seen:
    """Has processes ask at the same time."""
    policies = folder / "policies"
    policies.mkdir()
    (policies / "policy.yaml").write_text(POLICY, encoding="utf-8")
    started = [start(policies, state, requests) for _ in range(processes)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    began = [one for process in started for one in json.loads(process.communicate(timeout=120)[0])]
    policy_set = build(policies).policy_set
    assert policy_set is not None
    with closing(open_state(state)) as kept:
        counted = Escalations(kept, tallies_of(policy_set.declarations)).read("careful", now_s=time.time())
    assert isinstance(counted, dict)
    return Seen(
        first=sum(step == 0 for step, _ in began),
        second=sum(step == 1 for step, _ in began),
        most=max(escalations for _, escalations in began),
        requests=counted["requests"],
        rate=counted["rate"],
    )


def check(seen: Seen, *, processes: int, requests: int) -> None:
    """
    Makes sure that the limits held: the state has counted every request, none escalated twice, and none began at the
    first step once the rate was known to be passed, which in each process at most one did not know yet.
    """
    assert seen.first + seen.second == processes * requests
    assert (seen.requests, seen.rate, seen.most) == (seen.first, 1.0, 1)
    assert FROM <= seen.first < FROM + processes


def test_an_escalation_limit_holds_between_processes(shared_address: str, tmp_path: Path) -> None:
    """Processes that share a state count each other's escalations, and stop together."""
    seen = escalate(tmp_path, shared_address, processes=2, requests=40)

    check(seen, processes=2, requests=40)


if __name__ == "__main__":
    processes, requests = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place, RedisProcess(Path(place)) as server:
        for name, state in (("sqlite", f"sqlite:///{place}/state.db"), ("redis", server.address)):
            folder = Path(place) / name
            folder.mkdir()
            seen = escalate(folder, state, processes=processes, requests=requests)
            print(f"{name}: {seen}")
            check(seen, processes=processes, requests=requests)
