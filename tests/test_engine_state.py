"""An engine's state: kept in a file, shared by engines, and what happens when it cannot be reached."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from policy_engine.engine import Engine
from policy_engine.model.events import Event, SignalFailed
from policy_engine.model.outcome import Outcome, Status
from policy_engine.model.request import Request
from policy_engine.state.sqlite import SqliteState

POLICY = """\
version: 1
on_state_error: %s
tasks: [chat, spend, careful, free]
providers: {local: {kind: fake, reply: a fine answer}}
models: {small: {provider: local, model: s, price: {input: 1000, output: 1000}, max_output: 10}}
tiers: [{name: fast, models: [small]}]
budgets: {daily: {amount: $0.02, window: day}}
cascades:
  careful:
    steps: [{route: small, accept: {output: {chars: {gte: 99}}}}, {route: small}]
    limits: {escalation_rate: {max: 30%%, window: 1h, min_requests: 1, otherwise: last_answer}}
rules:
  - {name: free, when: {task: free}, then: {respond: {text: Hello.}}}
  - {name: careful, when: {task: careful}, then: {cascade: careful}}
  - {name: frugal, when: {task: spend, budget: {daily: {used: {gte: 50%%}}}}, then: {respond: {text: Enough.}}}
default: {route: fast}
"""
CHAT = Request(task="chat", input="hello")
LOCKED = "database is locked"


@pytest.fixture
def policies(tmp_path: Path) -> Callable[[str], Path]:
    """Writes the policies, with what they say of counters that cannot be reached."""

    def write(on_state_error: str = "allow") -> Path:
        folder = tmp_path / "policies"
        folder.mkdir()
        (folder / "policy.yaml").write_text(POLICY % on_state_error)
        return folder

    return write


def test_what_one_engine_spends_another_knows(policies: Callable[..., Path], tmp_path: Path) -> None:
    """Engines on one file share budgets and sessions, and find them again after they were closed."""
    folder, address = policies(), f"sqlite:///{tmp_path}/state.db"
    spend = Request(task="spend", input="hello")
    with Engine.open(folder, watch=False, state=address) as one, Engine.open(folder, watch=False, state=address) as two:
        first = one.decide(spend).rule
        one.complete(CHAT)
        one.complete(CHAT)
        second = two.decide(spend).rule
    with Engine.open(folder, watch=False, state=tmp_path / "state.db") as later:
        third = later.decide(spend).rule

    assert (first, second, third) == (None, "frugal", "frugal")


def test_without_an_address_each_engine_counts_for_itself(policies: Callable[..., Path]) -> None:
    """Memory is not shared."""
    folder = policies()
    with Engine.open(folder, watch=False) as one, Engine.open(folder, watch=False, state="memory:") as two:
        for _ in range(2):
            one.complete(CHAT)

        spend = Request(task="spend", input="hello")
        assert (one.decide(spend).rule, two.decide(spend).rule) == ("frugal", None)


def test_what_is_no_address_is_an_error(policies: Callable[..., Path]) -> None:
    """A mistake is told when the engine is opened, without what may be a password in it."""
    folder = policies()
    with pytest.raises(ValueError, match="a state cannot be at `mysql:`"):
        Engine.open(folder, watch=False, state="mysql://me:secret@host/db")
    with pytest.raises(ValueError, match="`memory:` is no SQLite file"):
        Engine.open(folder, watch=False, ledger="memory:")


async def _awaited(engine: Engine, request: Request) -> Outcome:
    return await engine.complete_async(request)


both = pytest.mark.parametrize(
    "complete",
    [lambda engine, request: engine.complete(request), lambda engine, request: asyncio.run(_awaited(engine, request))],
    ids=["complete", "complete_async"],
)


def while_locked(folder: Path, path: Path, work: Callable[[Engine], Any]) -> tuple[Any, list[Event], dict[str, int]]:
    """What work gives while another program holds the state's file, and what was told and counted of that."""
    events: list[Event] = []
    state = SqliteState(path, busy_timeout_s=0.01)
    state.put("there", b"", now_s=0, until_s=1)
    with (
        Engine.open(folder, watch=False, state=state, on_event=events.append) as engine,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN EXCLUSIVE")
        result = work(engine)
        other.execute("ROLLBACK")
        return result, events, dict(engine.signal_failures())


@both
def test_requests_go_on_uncounted_where_the_policies_allow(
    policies: Callable[..., Path], tmp_path: Path, complete: Callable[[Engine, Request], Outcome]
) -> None:
    """The answer comes all the same, the outcome says that it was not counted, and it is told and counted."""
    outcome, events, failures = while_locked(
        policies("allow"), tmp_path / "state.db", lambda engine: complete(engine, CHAT)
    )

    assert (outcome.status, outcome.text, outcome.uncounted) == (Status.ACCEPTED, "a fine answer", True)
    assert SignalFailed(signal="budget", reason=LOCKED) in events
    assert failures == {"budget": 1}


@both
def test_requests_are_refused_where_the_policies_deny(
    policies: Callable[..., Path], tmp_path: Path, complete: Callable[[Engine, Request], Outcome]
) -> None:
    """No model is called whose money cannot be set aside; what costs nothing is answered all the same."""
    denied, answered = while_locked(
        policies("deny"),
        tmp_path / "state.db",
        lambda engine: (complete(engine, CHAT), complete(engine, Request(task="free", input="hi"))),
    )[0]

    assert (denied.status, denied.http_status, denied.calls, denied.uncounted) == (Status.DENIED, 503, (), True)
    assert denied.error == f"requests are not carried out while counters cannot be reached: {LOCKED}"
    assert (answered.status, answered.text, answered.uncounted) == (Status.ANSWERED, "Hello.", False)


@pytest.mark.parametrize("kept_in", ["memory", "file"])
def test_a_caller_that_leaves_makes_room_for_the_next(
    policies: Callable[..., Path], tmp_path: Path, kept_in: str
) -> None:
    """While a stream is read its request counts as escalated; once it is left the next begins at the first step."""
    folder, careful = policies(), Request(task="careful", input="hello")
    state = tmp_path / "state.db" if kept_in == "file" else "memory:"
    with Engine.open(folder, watch=False, state=state) as engine:
        stream = engine.stream(careful)
        next(iter(stream))
        meanwhile = [engine.complete(careful) for _ in range(2)]
        stream.close()
        while (after := engine.complete(careful)).limit is not None:
            pass

    assert [(outcome.limit, outcome.escalations) for outcome in meanwhile] == [("escalation_rate", 0)] * 2
    assert (after.limit, after.escalations) == (None, 1)


@both
@pytest.mark.parametrize(("task", "group"), [("spend", "budget.daily"), ("careful", "escalation.careful")])
def test_counters_that_rules_and_limits_read_count_as_well(
    policies: Callable[..., Path],
    tmp_path: Path,
    complete: Callable[[Engine, Request], Outcome],
    task: str,
    group: str,
) -> None:
    """A request is refused if what its rules or its limits have to know could not be read."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as newer:
        newer.execute("PRAGMA user_version = 99")
    with Engine.open(policies("deny"), watch=False, state=SqliteState(path)) as engine:
        outcome = complete(engine, Request(task=task, input="hi"))
        failures = engine.signal_failures()

    assert (outcome.status, outcome.http_status, outcome.calls) == (Status.DENIED, 503, ())
    assert (outcome.error or "").endswith(f"cannot be reached: {group}")
    assert failures[group] == 1


def test_a_locked_state_does_not_hold_the_event_loop(policies: Callable[..., Path], tmp_path: Path) -> None:
    """While requests wait for the file the loop goes on: it is a task of the loop that lets go of the lock."""
    path = tmp_path / "state.db"
    state = SqliteState(path, busy_timeout_s=30)
    state.put("there", b"", now_s=0, until_s=1)

    async def main() -> list[Outcome]:
        async with Engine.open(policies("deny"), watch=False, state=state) as engine:
            with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
                other.execute("BEGIN EXCLUSIVE")
                waiting = [asyncio.ensure_future(engine.complete_async(CHAT)) for _ in range(20)]
                await asyncio.sleep(0)
                still = [task.done() for task in waiting]
                other.execute("ROLLBACK")
                assert still == [False] * 20
                return await asyncio.gather(*waiting)

    assert [outcome.status for outcome in asyncio.run(main())] == [Status.ACCEPTED] * 20


def test_a_caller_that_leaves_while_money_is_set_aside_gets_it_back(
    policies: Callable[..., Path], tmp_path: Path
) -> None:
    """What was set aside for a call that is never made is free again at once."""
    path = tmp_path / "state.db"
    state = SqliteState(path, busy_timeout_s=30)
    state.put("there", b"", now_s=0, until_s=1)

    async def main() -> None:
        async with Engine.open(policies("deny"), watch=False, state=state) as engine:
            with closing(sqlite3.connect(path, isolation_level=None)) as other:
                other.execute("BEGIN EXCLUSIVE")
                waiting = asyncio.ensure_future(engine.complete_async(CHAT))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                other.execute("ROLLBACK")

    asyncio.run(main())

    with closing(sqlite3.connect(path)) as looked_at:
        assert looked_at.execute("SELECT count(*) FROM leases").fetchone() == (0,)


FORK = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # of forking with threads, which is what this is about
from policy_engine import Engine, Request
from policy_engine.ledger.read import Reader
policies, state, ledger = sys.argv[1:]
ask = Request(task="spend", input="hello")
engine = Engine.open(policies, watch=False, state=state, ledger=ledger)
rules = [engine.complete(ask).decision.rule]
child = os.fork()
if child == 0:
    engine.complete(ask)
    engine.close()
    os._exit(0)
os.waitpid(child, 0)
rules.append(engine.complete(ask).decision.rule)
engine.flush()
print(rules, Reader(ledger).count())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_counts_and_records_with_its_parent(policies: Callable[..., Path], tmp_path: Path) -> None:
    """Both go on with connections and threads of their own, and an engine left open does not hold up the end."""
    arguments = [str(path) for path in (policies(), tmp_path / "state.db", tmp_path / "ledger.db")]

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK, *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "[None, 'frugal'] 3\n"
