"""
A process that asks on and on: `python -m tests.e2e.steady POLICIES STATE`.

It says how its first request ended, `counted`, `uncounted` or `denied`, and then whenever one ends otherwise than the
one before. Once a line comes in it stops, and says how many ended how, what they cost, and how long the slowest took of
those that were not counted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from policy_engine import Engine, Request
from policy_engine.model.outcome import Outcome

AT_ONCE = 8
PAUSE_S = 0.005


@dataclass(slots=True, kw_only=True)
class Seen:
    """How requests ended, what they cost, and how long those took that were not counted."""

    ended: Counter[str] = field(default_factory=Counter)
    paid_usd: Decimal = Decimal(0)
    longest_s: float = 0.0
    word: str = ""

    def take(self, outcome: Outcome, took_s: float) -> None:
        """Counts a request, and says so if it ended otherwise than those before."""
        word = "denied" if outcome.status == "denied" else "uncounted" if outcome.uncounted else "counted"
        self.ended[word] += 1
        self.paid_usd += outcome.cost_usd or 0
        if word != "counted":
            self.longest_s = max(self.longest_s, took_s)
        if word != self.word:
            print(word, flush=True)
        self.word = word


async def steady(policies: str, state: str) -> Seen:
    """Asks until a line comes in."""
    seen, stop = Seen(), asyncio.Event()

    async def ask(engine: Engine) -> None:
        while not stop.is_set():
            began_s = time.monotonic()
            outcome = await engine.complete_async(Request(input="hello"))
            seen.take(outcome, time.monotonic() - began_s)
            await asyncio.sleep(PAUSE_S)

    async with Engine.open(policies, watch=False, state=state) as engine:
        asking = [asyncio.ensure_future(ask(engine)) for _ in range(AT_ONCE)]
        await asyncio.to_thread(sys.stdin.readline)
        stop.set()
        await asyncio.gather(*asking)
    return seen


if __name__ == "__main__":
    seen = asyncio.run(steady(*sys.argv[1:]))
    print(json.dumps({**seen.ended, "paid_usd": str(seen.paid_usd), "longest_s": round(seen.longest_s, 3)}))
