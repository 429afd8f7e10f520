"""
A process that carries out many requests: `python -m tests.e2e.carrying POLICIES STATE LEDGER DONE CALLS [WORKERS]`.

After each it writes a byte to the file DONE, which outlives a kill, and after every hundredth a line to the output.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator

from policy_engine import Engine, Request


async def carry_out(policies: str, state: str, ledger: str, done: str, calls: int, workers: int) -> None:
    """Carries out so many requests, some at a time."""
    file = os.open(done, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    numbers = iter(range(1, calls + 1))

    async def work(engine: Engine, left: Iterator[int]) -> None:
        for number in left:
            await engine.complete_async(Request(id=f"r{number}", input="hello", session="s1"))
            os.write(file, b".")
            if number % 100 == 0:
                print(number, flush=True)

    async with Engine.open(policies, watch=False, state=state, ledger=ledger) as engine:
        await asyncio.gather(*(work(engine, numbers) for _ in range(workers)))


if __name__ == "__main__":
    asyncio.run(carry_out(*sys.argv[1:5], int(sys.argv[5]), int(sys.argv[6])))
