"""
A process that answers from a cache: `python -m tests.e2e.looking POLICIES STATE`.

It says `ready`. A line `ask TEXT` has it answer and keep the answer; `look TEXT` has it ask, keeping nothing, until the
answer comes from the cache. Each time it says when that was, by a clock that all processes of a machine share.
"""

from __future__ import annotations

import sys
import time

from policy_engine import Engine, Request

GIVES_UP_S = 30.0


def answer(engine: Engine, verb: str, text: str) -> float:
    """When the answer came, seconds."""
    if verb == "ask":
        engine.complete(Request(input=text, attributes={"keep": True}))
        return time.monotonic()
    until_s = time.monotonic() + GIVES_UP_S
    while engine.complete(Request(input=text, attributes={"keep": False})).status != "answered":
        if time.monotonic() > until_s:
            raise TimeoutError(text)
        time.sleep(0.005)
    return time.monotonic()


if __name__ == "__main__":
    with Engine.open(sys.argv[1], watch=False, state=sys.argv[2]) as engine:
        answer(engine, "ask", "to be warm")
        print("ready", flush=True)
        for line in sys.stdin:
            print(answer(engine, *line.strip().split(" ", 1)), flush=True)  # type: ignore[misc]  # two words
