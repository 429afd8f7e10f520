"""
A process that fills a cache slowly: `python -m tests.e2e.filling POLICIES STATE TAKES_S`.

It says `ready`, and at each line `QUESTIONS CALLERS` has so many callers ask each of so many questions at the same
time; a gate takes so many seconds over each answer, and says `judging` on the error output. Then it says how many
answers there were, and how often a model was called.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from policy_engine import Engine, Request


def ask(engine: Engine, questions: int, callers: int) -> tuple[int, int]:
    """Answers and calls."""
    requests = [Request(input=f"how many boots are there in box {number}?") for number in range(questions)] * callers
    with ThreadPoolExecutor(len(requests)) as pool:
        outcomes = list(pool.map(engine.complete, requests))
    return sum(outcome.text == "a fine answer" for outcome in outcomes), sum(len(one.calls) for one in outcomes)


def main(policies: str, state: str, takes_s: str) -> None:
    """Asks as it is told."""

    def judge(_: Request) -> bool:
        print("judging", file=sys.stderr, flush=True)
        time.sleep(float(takes_s))
        return True

    with Engine.open(policies, watch=False, state=state, signals={"fine": judge}) as engine:
        engine.decide(Request(input="to be warm"))
        print("ready", flush=True)
        for line in sys.stdin:
            print(*ask(engine, *map(int, line.split())), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
