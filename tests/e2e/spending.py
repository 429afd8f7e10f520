"""
A process that spends: `python -m tests.e2e.spending POLICIES STATE LEDGER REQUESTS`.

It says `ready`, waits for a line, carries out so many requests at the same time, and says how each ended.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

from policy_engine import Engine, Request

MESSAGE = "a text of forty-eight characters, 12 tokens long"


async def spend(policies: str, state: str, ledger: str, requests: int) -> dict[str, int]:
    """Carries requests out at the same time, and counts how they ended and whether they were counted."""
    async with Engine.open(policies, watch=False, state=state, ledger=ledger) as engine:
        await engine.decide_async(Request(input=MESSAGE))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        request = Request(input=MESSAGE, params={"max_tokens": 3})
        outcomes = await asyncio.gather(*(engine.complete_async(request) for _ in range(requests)))
    ended = Counter(str(outcome.status) for outcome in outcomes)
    return {**ended, "uncounted": sum(outcome.uncounted for outcome in outcomes)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(spend(*sys.argv[1:4], int(sys.argv[4])))))
