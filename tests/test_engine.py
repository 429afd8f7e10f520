"""Tests of the engine: live policies, and decisions by them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy_engine.engine import Engine
from policy_engine.errors import BundleInvalid, BundleNotFound
from policy_engine.evaluator.decide import decide
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.request import Request
from policy_engine.store.snapshot import Result, Source
from tests.store.bundles import HEAD, bundle_text, write_bundle

TOP = Path(__file__).parent.parent
ASK = Request(id="r1", task="ask", input="hi")
LONG_S = 30
RISKY = f"""\
{HEAD}signals:
  risk: {{type: number, timeout: 20s}}
rules:
  - name: risky
    when: {{task: ask, signal: {{risk: {{gte: 0.5}}}}}}
    then: {{deny: {{status: 403, message: "too risky"}}}}
    on_unknown: skip
"""


def watchers() -> list[threading.Thread]:
    """The threads that watch folders."""
    return [thread for thread in threading.enumerate() if thread.name == "policy_engine-watcher"]


def test_decides_by_the_live_policies(tmp_path: Path) -> None:
    """A decision carries the live revision and generation, and is what the policy set alone decides."""
    write_bundle(tmp_path)
    with Engine.open(tmp_path, watch=False) as engine:
        decision = engine.decide(ASK)

        assert decision == decide(engine.policy_set, ASK)
        assert (decision.rule, decision.generation) == ("r0", 1)
        assert decision.revision == engine.snapshot.revision == engine.status().revision


def test_traces_on_demand(tmp_path: Path) -> None:
    """A trace says why, and only if it is asked for."""
    write_bundle(tmp_path)
    with Engine.open(tmp_path, watch=False) as engine:
        assert engine.decide(ASK).trace is None
        assert engine.decide(ASK, trace=True).trace is not None
        assert asyncio.run(engine.decide_async(ASK, trace=True)).trace is not None


def test_takes_the_clock_it_is_given(tmp_path: Path) -> None:
    """Requests that do not say when they are made are made by the engine's clock."""
    rule = (
        "rules:\n  - {name: late, when: {time: {between: '22:00-23:00', zone: UTC}}, then: {respond: {text: closed}}}\n"
    )
    (tmp_path / "policy.yaml").write_text(HEAD + rule)
    late = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)
    with Engine.open(tmp_path, watch=False, clock=lambda: late) as engine:
        assert engine.decide(ASK).rule == "late"
        assert engine.snapshot.loaded_at == late


def test_asks_signals_from_both_sides(tmp_path: Path) -> None:
    """A registered function is asked when a rule needs it, by `decide` and by `decide_async`."""
    (tmp_path / "policy.yaml").write_text(RISKY)

    async def risk(request: Request) -> float:
        return 0.9

    for function in (risk, lambda request: 0.9):
        with Engine.open(tmp_path, watch=False, signals={"risk": function}) as engine:
            assert engine.decide(ASK).rule == "risky"
            assert asyncio.run(engine.decide_async(ASK)).rule == "risky"


def test_asks_no_signal_that_no_rule_needs(tmp_path: Path) -> None:
    """What the request says itself, and what cannot change the decision, is not asked for."""
    (tmp_path / "policy.yaml").write_text(RISKY)
    asked: list[Request] = []
    with Engine.open(tmp_path, watch=False, signals={"risk": asked.append}) as engine:
        engine.decide(Request(task="ask", input="hi", signals={"signal": {"risk": 0.9}}))
        engine.decide(Request(input="hi", task="other"))

    assert asked == []


def test_a_signal_that_fails_is_unknown_and_told(tmp_path: Path) -> None:
    """A decision is made all the same, says what was unknown, and the failure is an event."""
    (tmp_path / "policy.yaml").write_text(RISKY)
    events: list[Event] = []

    def risk(request: Request) -> float:
        raise ValueError("a bug")

    with Engine.open(tmp_path, watch=False, signals={"risk": risk}, on_event=events.append) as engine:
        decision = engine.decide(ASK)

    assert (decision.rule, decision.unknown) == (None, ("signal.risk",))
    assert events[-1] == SignalFailed(signal="signal.risk", reason="it raised `ValueError`")


def test_a_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """Nothing to decide with is an exception that says why."""
    with pytest.raises(BundleNotFound):
        Engine.open(tmp_path / "none")
    (tmp_path / "policy.yaml").write_text("version: 1\nruels: []\n")
    with pytest.raises(BundleInvalid) as raised:
        Engine.open(tmp_path)

    assert raised.value.report.errors


def test_the_last_known_good_is_served_at_start(tmp_path: Path) -> None:
    """With a state folder, an engine starts by what was good last."""
    file = write_bundle(tmp_path / "policies", "good")
    with Engine.open(tmp_path / "policies", watch=False, state_dir=tmp_path / "state"):
        file.write_text("version: 2")

    with Engine.open(tmp_path / "policies", watch=False, state_dir=tmp_path / "state") as engine:
        status = engine.status()
        decision = engine.decide(ASK)

    assert (status.source, status.pending is not None) == (Source.LAST_GOOD, True)
    assert decision.plan.to_json() == {"answer": {"text": "good"}}


def test_an_environment_is_taken(tmp_path: Path) -> None:
    """The overlays of the environment apply, and go live like everything else."""
    write_bundle(tmp_path)
    overlay = tmp_path / "overlays" / "staging" / "models.yaml"
    overlay.parent.mkdir(parents=True)
    overlay.write_text("default: {deny: {status: 503, message: staging}}")
    with Engine.open(tmp_path, env="staging") as engine:
        before = engine.decide(Request(input="hi")).effect
        overlay.write_text("default: {respond: {text: staging}}")

        assert engine.wait_for(lambda status: status.generation == 2, LONG_S)
        assert (before, engine.decide(Request(input="hi")).effect) == ("deny", "respond")


def test_without_watching_only_a_reload_counts(tmp_path: Path) -> None:
    """An engine that does not watch has no thread, and takes changes over when told to."""
    write_bundle(tmp_path, "one")
    with Engine.open(tmp_path, watch=False) as engine:
        write_bundle(tmp_path, "two")

        assert watchers() == []
        assert engine.reload().result is Result.PUBLISHED
        assert engine.decide(ASK).generation == 2


def test_goes_back_on_demand(tmp_path: Path) -> None:
    """A rollback decides by the policies before, although the folder holds the newer ones, until it changes."""
    write_bundle(tmp_path, "one")
    with Engine.open(tmp_path) as engine:
        write_bundle(tmp_path, "two")
        assert engine.wait_for(lambda status: status.generation == 2, LONG_S)

        engine.rollback()
        back = engine.decide(ASK)
        write_bundle(tmp_path, "three")
        assert engine.wait_for(lambda status: status.generation == 4, LONG_S)

        assert back.plan.to_json() == {"answer": {"text": "one"}}
        assert engine.decide(ASK).plan.to_json() == {"answer": {"text": "three"}}


def test_closing_ends_the_watch(tmp_path: Path) -> None:
    """A closed engine has no thread any more and still decides; closing twice is fine."""
    write_bundle(tmp_path)
    engine = Engine.open(tmp_path)
    during = len(watchers())

    engine.close()
    engine.close()

    assert (during, watchers()) == (1, [])
    assert engine.decide(ASK).rule == "r0"


def test_a_forgotten_engine_ends_its_watch(tmp_path: Path) -> None:
    """An engine that nobody holds any more leaves no thread behind."""
    write_bundle(tmp_path)

    Engine.open(tmp_path)
    gc.collect()

    assert watchers() == []


def test_is_an_async_context_too(tmp_path: Path) -> None:
    """`async with` closes without holding up the loop."""
    write_bundle(tmp_path, "one")

    async def use() -> int | None:
        async with Engine.open(tmp_path) as engine:
            write_bundle(tmp_path, "two")
            await asyncio.to_thread(engine.wait_for, lambda status: status.generation == 2, LONG_S)
            return (await engine.decide_async(ASK)).generation

    assert asyncio.run(use()) == 2
    assert watchers() == []


def test_decides_in_many_threads_while_policies_change(tmp_path: Path) -> None:
    """Threads that decide at the same time each get whole decisions, whose generations never go back."""
    write_bundle(tmp_path, "1")
    faults: list[str] = []
    stop = threading.Event()

    with Engine.open(tmp_path) as engine:

        def work() -> None:
            last = 0
            while not stop.is_set():
                decision = engine.decide(ASK)
                said = decision.plan.to_json()["answer"]["text"]
                if decision.generation is None or decision.generation < last or str(decision.generation) != said:
                    faults.append(f"{said} in generation {decision.generation} after {last}")
                last = decision.generation or 0

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        live = []
        for number in (2, 3):
            write_bundle(tmp_path, str(number))
            live.append(engine.wait_for(lambda status, number=number: status.generation == number, LONG_S))
        stop.set()
        for thread in threads:
            thread.join(LONG_S)

    assert live == [True, True]
    assert faults == []


FORK = """
import os, pathlib, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what this is about
from policy_engine.engine import Engine
folder, text = pathlib.Path(sys.argv[1]), sys.argv[2]
def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # at once, so that two processes do not mix their words
with Engine.open(folder) as engine:
    engine.wait_for(lambda status: False, 0.3)  # the watcher waits for events by now
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(ready, 1)
        came = engine.wait_for(lambda status: status.generation == 2, 20)
        say("child", came, engine.status().pid == os.getpid())
        engine.close()
        os._exit(0)
    (folder / "policy.yaml").write_text(text)
    os.write(go, b"x")
    say("parent", engine.wait_for(lambda status: status.generation == 2, 20))
    os.waitpid(child, 0)
    (folder / "policy.yaml").write_text(text + "# more")
    say("parent", engine.wait_for(lambda status: status.generation == 3, 20))
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program, run to its end."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_watches_too(tmp_path: Path) -> None:
    """After a fork, child and parent both take a change over, and the child's end does not end the parent's watch."""
    write_bundle(tmp_path, "one")

    done = run(FORK, str(tmp_path), bundle_text("two"))

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.splitlines()) == ["child True True", "parent True", "parent True"]


def test_an_engine_left_open_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """A program that never closes its engine ends like any other."""
    write_bundle(tmp_path)
    program = (
        "import sys; from policy_engine.engine import Engine; engine = Engine.open(sys.argv[1]); "
        "engine.wait_for(lambda status: False, 0.3)"
    )

    done = run(program, str(tmp_path))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_opening_loads_what_importing_does_not(tmp_path: Path) -> None:
    """Libraries that reloading needs come with the first folder, logging with the first logger."""
    write_bundle(tmp_path)
    program = (
        "import sys, json; from policy_engine import Engine, Request, build, decide\n"
        "heavy = {'yaml', 'watchfiles', 'structlog', 'jsonschema', 'jsonschema_rs', 'asyncio', 'zipfile'}\n"
        "before = sorted(heavy & set(sys.modules))\n"
        "with Engine.open(sys.argv[1], watch=False): pass\n"
        "print(json.dumps([before, 'yaml' in sys.modules, 'structlog' in sys.modules]))"
    )

    assert json.loads(run(program, str(tmp_path)).stdout) == [[], True, False]
