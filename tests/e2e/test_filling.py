"""
A cache that is filled by processes at the same time: each question goes to a model once.

The suite has two processes of 4 questions; `python -m tests.e2e.test_filling 4 20` has four of 20, on both states.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from policy_engine.evaluator.decide import decided
from policy_engine.executor.filling import Filling
from policy_engine.model.events import Event
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.signals.caches.shared_flights import FLIGHT_S
from policy_engine.signals.live import LiveSignals
from policy_engine.state.aside import Aside
from policy_engine.state.open import open_state
from tests.servers.redis_process import RedisProcess

TOP = Path(__file__).parents[2]
CALLERS = 3
POLICY = """\
version: 1
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1, output: 1}}}
tiers: [{name: fast, models: [small]}]
signals: {fine: {type: boolean, timeout: 60s}}
caches: {support: {kind: semantic, embedder: hashed, threshold: 0.999, check: 0%}}
cascades: {judged: {steps: [{route: small, accept: {signal: {fine: true}}}, {route: small}], limits: {LIMITS}}}
rules:
  - {name: remember, then: {remember: support}}
  - {name: before, when: {cache: {support: {hit: true}}}, then: {respond: {cache: support}}}
default: {cascade: judged}
"""


def written(folder: Path, limits: str = "escalations: 1") -> Path:
    """The folder of the policies."""
    policies = folder / "policies"
    policies.mkdir(parents=True)
    (policies / "policy.yaml").write_text(POLICY.replace("LIMITS", limits), encoding="utf-8")
    return policies


def start(policies: Path, state: str, takes_s: float) -> subprocess.Popen[str]:
    """A process that is about to ask."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.filling", policies, state, str(takes_s)],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def fill(folder: Path, state: str, *, processes: int, questions: int, takes_s: float) -> tuple[int, int]:
    """How many answers all processes had, and how often they called a model."""
    policies = written(folder)
    started = [start(policies, state, takes_s) for _ in range(processes)]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(f"{questions} {CALLERS}\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120)[0].split() for process in started]
    return sum(int(answers) for answers, _ in said), sum(int(calls) for _, calls in said)


def test_a_question_goes_to_a_model_once(shared_address: str, tmp_path: Path) -> None:
    """Whoever asks in whatever process while an answer is on its way waits for it."""
    found = fill(tmp_path, shared_address, processes=2, questions=4, takes_s=0.5)

    assert found == (2 * 4 * CALLERS, 4)


class Asker:
    """A process's side of the cache, in this process, at a moment of its own."""

    def __init__(self, policies: Path, state: str, *, later_s: float = 0.0) -> None:
        policy_set = build(policies).policy_set
        assert policy_set is not None
        self.events: list[Event] = []
        self._signals = LiveSignals(open_state(state), on_event=self.events.append)
        signals = self._signals.of(policy_set)
        request = Request(input="how many boots are there in box 0?")
        self._decided = decided(policy_set, Facts(request, policy_set.layout), learn=signals.sources.resolve)
        self._filling = Filling(
            signals.caches,
            emit=self.events.append,
            aside=Aside(),
            began_s=time.monotonic(),
            wall_s=lambda: time.time() + later_s,
        )

    def wait(self) -> bool:
        """Whether it has waited for another."""
        return self._filling.wait(*self._decided)

    async def wait_async(self) -> bool:
        """The same, awaited."""
        return await self._filling.wait_async(*self._decided)

    def close(self) -> None:
        """Lets others go on."""
        self._filling.close()
        self._signals.close()


def test_the_next_takes_over_from_a_process_that_died(shared_address: str, tmp_path: Path) -> None:
    """
    While the dead one may be alive others wait, though never past half their deadline; then one of them goes first, and
    the others wait for that one.
    """
    policies = written(tmp_path, "deadline: 300ms")
    with start(policies, shared_address, 60) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("1 1\n")
        process.stdin.flush()
        process.stderr.readline()
        process.kill()

    began_s = time.monotonic()
    with closing(Asker(policies, shared_address)) as early:
        is_answered = early.wait()
    waited_s = time.monotonic() - began_s
    with (
        closing(Asker(policies, shared_address, later_s=FLIGHT_S)) as next_one,
        closing(Asker(policies, shared_address, later_s=FLIGHT_S)) as another,
    ):
        assert (next_one.wait(), another.wait()) == (False, False)
        next_one.close()
        with closing(Asker(policies, shared_address, later_s=FLIGHT_S)) as last:
            looks_again = last.wait()

    assert (is_answered, looks_again) == (False, True)
    assert waited_s >= 0.1
    assert early.events == next_one.events == []


def test_those_on_an_event_loop_wait_too(shared_address: str, tmp_path: Path) -> None:
    """Who waits there looks again once the first has come to its end; who has left holds nobody up."""
    policies = written(tmp_path)

    async def main() -> tuple[bool, bool]:
        with (
            closing(Asker(policies, shared_address)) as first,
            closing(Asker(policies, shared_address)) as second,
            closing(Asker(policies, shared_address)) as third,
        ):
            is_answered = await first.wait_async()
            waiting = asyncio.ensure_future(second.wait_async())
            leaving = asyncio.ensure_future(third.wait_async())
            await asyncio.sleep(0)
            leaving.cancel()
            first.close()
            return is_answered, await waiting

    assert asyncio.run(main()) == (False, True)
    with closing(Asker(policies, shared_address)) as last:
        assert (last.wait(), last.wait()) == (True, False)


if __name__ == "__main__":
    processes, questions = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place, RedisProcess(Path(place)) as server:
        for name, state in (("sqlite", f"sqlite:///{place}/state.db"), ("redis", server.address)):
            found = fill(Path(place) / name, state, processes=processes, questions=questions, takes_s=1)
            print(f"{name}: {found[0]} answers, {found[1]} calls of a model", flush=True)
            assert found == (processes * questions * CALLERS, questions)
