"""
A cache shared by processes: what one has answered, the others answer from the cache.

The suite has three processes; `python -m tests.e2e.test_looking 4 20` has four and 20 questions, on both states, and
measures how long it takes the others to know.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.redis_process import RedisProcess

TOP = Path(__file__).parents[2]
POLICY = """\
version: 1
attributes: {keep: {type: boolean, default: false}}
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1, output: 1}}}
tiers: [{name: fast, models: [small]}]
caches: {support: {kind: semantic, embedder: hashed, threshold: 0.8}}
rules:
  - {name: remember, when: {attributes: {keep: true}}, then: {remember: support}}
  - {name: before, when: {cache: {support: {hit: true}}}, then: {respond: {cache: support}}}
default: {route: fast}
"""


def start(policies: Path, state: str) -> subprocess.Popen[str]:
    """A process that is about to be asked."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.looking", policies, state],
        cwd=TOP,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def tell(process: subprocess.Popen[str], line: str) -> None:
    """Has a process do something."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def said_s(process: subprocess.Popen[str]) -> float:
    """When it was done."""
    assert process.stdout is not None
    return float(process.stdout.readline())


def delays_s(folder: Path, state: str, *, processes: int, questions: int) -> list[float]:
    """How long after one process answered a question each other had the answer from the cache; processes take turns."""
    policies = folder / "policies"
    policies.mkdir()
    (policies / "policy.yaml").write_text(POLICY, encoding="utf-8")
    started = [start(policies, state) for _ in range(processes)]
    delays = []
    for number in range(questions):
        text = f"how many boots are there in box {number}?"
        asked = started[number % processes]
        tell(asked, f"ask {text}")
        answered_s = said_s(asked)
        others = [process for process in started if process is not asked]
        for process in others:
            tell(process, f"look {text}")
        delays += [said_s(process) - answered_s for process in others]
    for process in started:
        process.communicate(timeout=30)
    assert [process.returncode for process in started] == [0] * processes
    return delays


def test_what_one_answered_the_others_know(shared_address: str, tmp_path: Path) -> None:
    """Each process finds in the cache what another has answered a moment ago, whoever that was."""
    delays = delays_s(tmp_path, shared_address, processes=3, questions=3)

    assert len(delays) == 6


if __name__ == "__main__":
    processes, questions = map(int, sys.argv[1:])
    with tempfile.TemporaryDirectory() as place, RedisProcess(Path(place)) as server:
        for name, state in (("sqlite", f"sqlite:///{place}/state.db"), ("redis", server.address)):
            folder = Path(place) / name
            folder.mkdir()
            delays = sorted(delays_s(folder, state, processes=processes, questions=questions))
            print(f"{name}: {len(delays)} answers, median {delays[len(delays) // 2]:.3f} s, longest {delays[-1]:.3f} s")
            assert delays[-1] <= 1
