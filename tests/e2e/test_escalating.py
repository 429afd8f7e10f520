"""
Limits for escalations, shared by processes: not one request more begins at the first step, or escalates, than they say.

The suite has two processes; `python -m tests.e2e.test_escalating 4 1000` has four of 1,000 requests, on both states.
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
from unittest.mock import ANY

from policy_engine.pipeline import build
from policy_engine.signals.counters import Counters, Measurements
from policy_engine.state.open import open_state
from tests.servers.redis_process import RedisProcess

TOP = Path(__file__).parents[2]
FROM = 20
MOST_OF_SESSION = 7
POLICY = """\
version: 1
on_state_error: deny
providers: {local: {kind: fake, reply: a fine answer}}
models:
  small: {provider: local, model: s, price: {input: 1, output: 1}}
  large: {provider: local, model: l, price: {input: 10, output: 10}}
  huge: {provider: local, model: h, price: {input: 100, output: 100}}
tiers: [{name: fast, models: [small]}, {name: strong, models: [large]}, {name: best, models: [huge]}]
cascades:
  careful:
    steps:
      - {route: small, accept: {output: {chars: {gte: 99}}}}
      - {route: strong, accept: {output: {chars: {gte: 99}}}}
      - {route: best}
    limits:
      escalations: 1
      LIMIT
default: {cascade: careful}
"""
RATE = f"escalation_rate: {{max: 30%, window: 1h, min_requests: {FROM}, otherwise: strong}}"
SESSION = f"session_escalations: {MOST_OF_SESSION}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How many requests began at each step, all escalations and the most of one, and what is counted in the state."""

    first: int
    second: int
    escalations: int
    most: int
    rate: object
    session: object


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


def escalate(folder: Path, state: str, limit: str, *, processes: int, requests: int) -> Seen:
    """Has processes ask at the same time."""
    policies = folder / "policies"
    policies.mkdir()
    (policies / "policy.yaml").write_text(POLICY.replace("LIMIT", limit), encoding="utf-8")
    started = [start(policies, state, requests) for _ in range(processes)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    began = [one for process in started for one in json.loads(process.communicate(timeout=600)[0])]
    policy_set = build(policies).policy_set
    assert policy_set is not None
    with closing(open_state(state)) as kept:
        counters = Counters(policy_set.declarations, state=kept, measured=Measurements())
        rate = counters.escalations.read("careful", now_s=time.time())
        session = counters.sessions.read("c1", now_s=time.time())
    return Seen(
        first=sum(step == 0 for step, _ in began),
        second=sum(step == 1 for step, _ in began),
        escalations=sum(escalations for _, escalations in began),
        most=max(escalations for _, escalations in began),
        rate=rate,
        session=session,
    )


def check_rate(seen: Seen, *, requests: int) -> None:
    """Makes sure that exactly so many began at the first step as it takes to know that too many escalate."""
    assert (seen.first, seen.second, seen.most) == (FROM, requests - FROM, 1)
    assert seen.rate == {"rate": 1.0, "requests": FROM}


def check_session(seen: Seen, *, requests: int) -> None:
    """Makes sure that all began at the first step, and exactly as many escalated as may in a session."""
    assert (seen.first, seen.escalations, seen.most) == (requests, MOST_OF_SESSION, 1)
    assert seen.session == {"model": ANY, "tier": ANY, "escalations": MOST_OF_SESSION, "errors": 0}


def test_a_rate_of_escalations_holds_between_processes(shared_address: str, tmp_path: Path) -> None:
    """Processes that share a state count each other's requests before they are over, and stop together."""
    check_rate(escalate(tmp_path, shared_address, RATE, processes=2, requests=40), requests=80)


def test_the_escalations_of_a_session_hold_between_processes(shared_address: str, tmp_path: Path) -> None:
    """Requests of one session in several processes escalate together as often as one may alone."""
    check_session(escalate(tmp_path, shared_address, SESSION, processes=2, requests=20), requests=40)


if __name__ == "__main__":
    processes, requests = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place, RedisProcess(Path(place)) as server:
        for name, state in (("sqlite", f"sqlite:///{place}/state-"), ("redis", f"{server.address}&prefix=")):
            for limit, check in ((RATE, check_rate), (SESSION, check_session)):
                kind = limit.partition(":")[0]
                folder = Path(place) / name / kind
                folder.mkdir(parents=True)
                seen = escalate(folder, state + kind, limit, processes=processes, requests=requests)
                print(f"{name}: {seen}", flush=True)
                check(seen, requests=processes * requests)
