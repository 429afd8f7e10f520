"""
A process whose every answer escalates: `python -m tests.e2e.escalating POLICIES STATE REQUESTS`.

It says `ready`, waits for a line, carries out so many requests of one session, four at a time, and says for each at
which step it began and how often it escalated.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from policy_engine import Engine, Request


def escalate(policies: str, state: str, requests: int) -> list[tuple[int | None, int]]:
    """Step and escalations of each request."""
    with Engine.open(policies, watch=False, state=state) as engine:
        engine.decide(Request(input="hello"))
        print("ready", flush=True)
        sys.stdin.readline()
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(engine.complete, [Request(input="hello", session="c1")] * requests))
    return [(outcome.calls[0].step, outcome.escalations) for outcome in outcomes]


if __name__ == "__main__":
    print(json.dumps(escalate(*sys.argv[1:3], int(sys.argv[3]))))
