"""An engine's ledger: what is written down of every request, whichever way it is carried out and ends."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine.engine import Engine
from policy_engine.ledger.open import Ledger
from policy_engine.ledger.privacy import MASKED, Log
from policy_engine.ledger.read import Reader
from policy_engine.ledger.record import Record
from policy_engine.ledger.retention import Retention
from policy_engine.ledger.writer import Keeping, Pace, WriterStatus
from policy_engine.model.events import Event, LedgerFailed, LedgerRecovered
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from policy_engine.signals.budgets import Budgets, budgets_of
from policy_engine.state.memory import MemoryState
from policy_engine.state.sqlite import SqliteState
from policy_engine.state.state import State
from policy_engine.telemetry.log import json_lines
from tests.servers.openai_wire import completion_answer, error_answer, stream_parts
from tests.servers.scripted import Answer, Hold, ScriptedServer, sse_answer

POLICY = """\
version: 1
tasks: [chat, careful, faq, refused, secret, open, both]
attributes: {email: {type: string}, plan: {type: string, enum: [free, pro]}}
signals: {risk: {type: number}}
providers: {near: {kind: openai, base_url: "%s/v1", api_key: "${PE_TEST_KEY}", retries: 0}}
models:
  small: {provider: near, model: gpt-4o-mini, price: {input: 1000, output: 1000, cached_input: 500}, context: 128k}
  large: {provider: near, model: gpt-4.1, price: {input: 10000, output: 10000}, context: 128k}
tiers: [{name: fast, models: [small]}, {name: strong, models: [large]}]
budgets: {daily: {amount: $10, window: day}}
cascades:
  careful:
    steps:
      - {route: small, accept: {output: {chars: {gte: 40}}}}
      - {route: large}
rules:
  - {name: quiet, when: {task: [secret, both]}, on_unknown: skip, then: {log: none}}
  - {name: loud, when: {task: [open, both]}, on_unknown: skip, then: {log: full}}
  - {name: careful, when: {task: careful, signal: {risk: {lt: 0.5}}}, then: {cascade: careful, tags: [audited]}}
  - {name: faq, when: {task: faq}, then: {respond: {text: From nine to five.}}}
  - name: refused
    when: {task: refused, budget: {daily: {used: {lt: 100%%}}}}
    on_unknown: skip
    then: {deny: {status: 403, message: "No, not you."}}
default: {route: fast}
"""
AT = datetime(2100, 1, 4, 10, tzinfo=UTC)  # never too old to be kept
MESSAGE = "Write to jo@example.org, please."
CAREFUL = Request(
    id="r1",
    task="careful",
    input=MESSAGE,
    session="c1",
    user="u1",
    attributes={"email": "jo@example.org", "plan": "gold"},
    signals={"signal": {"risk": 0.25}},
    at=AT,
)
Open = Callable[..., Engine]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """The server of both models."""
    with ScriptedServer(completion_answer("Yes.")) as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Where the ledger is."""
    return tmp_path / "ledger.db"


@pytest.fixture
def open_engine(server: ScriptedServer, ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens an engine that keeps a ledger."""
    monkeypatch.setenv("PE_TEST_KEY", "sk-secret")
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY % server.url, encoding="utf-8")

    def open_one(*, ledger: Any = f"sqlite:///{ledger}", **more: Any) -> Engine:
        return Engine.open(folder, watch=False, ledger=ledger, **more)

    return open_one


def records(path: Path) -> list[Record]:
    """All that is in a ledger."""
    with closing(Reader(path)) as reader:
        return list(reader.records())


def test_all_that_happened_to_a_request_is_recorded(open_engine: Open, ledger: Path) -> None:
    """Decision, signals, calls, verdicts with reasons, money and time are in one record; texts and keys are not."""
    with open_engine() as engine:
        outcome = engine.complete(CAREFUL)
        revision = engine.policy_set.revision

    (record,) = records(ledger)
    assert (record.at_us, record.request_id, record.session, record.user) == (AT.timestamp() * 1e6, "r1", "c1", "u1")
    assert (record.revision, record.generation, record.rule, record.effect) == (revision, 1, "careful", "cascade")
    assert (record.tier, record.model, record.answered_by, record.status) == ("fast", "small", "large", "accepted")
    assert (record.task, record.tags, record.escalations, record.limit) == ("careful", ("audited",), 1, None)
    assert (record.attributes, record.errors) == ({"email": "jo@example.org"}, ("attributes.plan",))
    assert record.signals == {"signal.risk": 0.25}
    assert (record.message_chars, record.message_tokens, record.input_chars) == (32, 8, 32)
    assert (record.answer_chars, record.cost_usd, record.cache, record.error) == (4, Decimal("0.163"), None, None)
    assert record.cost_usd == outcome.cost_usd
    assert record.elapsed_ms is not None
    assert [call.elapsed_ms is not None and call.elapsed_ms <= record.elapsed_ms for call in record.calls] == [True] * 2
    assert [
        (call.step, call.model, call.tier, call.input_tokens, call.cached_input_tokens, call.output_tokens)
        for call in record.calls
    ] == [(0, "small", "fast", 12, 4, 3), (1, "large", "strong", 12, 4, 3)]
    assert [(call.cost_usd, call.verdict, call.reasons) for call in record.calls] == [
        (Decimal("0.013"), "false", ("output.chars >= 40 does not hold",)),
        (Decimal("0.15"), None, ()),
    ]
    assert b"Write to" not in ledger.read_bytes()
    assert b"sk-secret" not in ledger.read_bytes()


def test_what_calls_no_model_is_recorded_too(open_engine: Open, ledger: Path) -> None:
    """Texts that were given at once and refusals have a record, with the signals that were asked."""
    with open_engine() as engine:
        engine.complete(Request(task="faq", input="When?"))
        denied = engine.complete(Request(task="refused", input="Me?"))

    assert denied.http_status == 403
    assert [(one.rule, one.status, one.calls, one.signals) for one in records(ledger)] == [
        ("faq", "answered", (), {}),
        ("refused", "denied", (), {"budget.daily": {"used": 0.0, "left": 10.0}}),
    ]


def test_a_failure_is_recorded_without_what_the_provider_said(
    open_engine: Open, ledger: Path, server: ScriptedServer
) -> None:
    """A provider may quote the request, so only the kind of a failure is kept."""
    server.answer_with(error_answer(400, f"cannot read {MESSAGE}"))
    with open_engine() as engine:
        engine.complete(Request(task="chat", input=MESSAGE))

    (record,) = records(ledger)
    assert (record.status, record.answered_by, record.error) == ("failed", None, "small: request")
    assert [(call.failure, call.failure_status, call.failure_text) for call in record.calls] == [("request", 400, None)]


def _complete(engine: Engine) -> None:
    with engine:
        engine.complete(CAREFUL)


def _stream(engine: Engine) -> None:
    with engine, engine.stream(CAREFUL) as answer:
        list(answer)


async def _complete_async(engine: Engine) -> None:
    async with engine:
        await engine.complete_async(CAREFUL)


async def _stream_async(engine: Engine) -> None:
    async with engine, engine.stream_async(CAREFUL) as answer:
        async for _ in answer:
            pass


def _awaited(work: Callable[[Engine], Any]) -> Callable[[Engine], None]:
    return lambda engine: asyncio.run(work(engine))


WHOLE, STREAMED = completion_answer("Yes."), sse_answer(*stream_parts("Yes", ", we do."))


@pytest.mark.parametrize("state", [None, "state.db"])
@pytest.mark.parametrize(
    ("carry_out", "second"),
    [
        (_complete, WHOLE),
        (_awaited(_complete_async), WHOLE),
        (_stream, STREAMED),
        (_awaited(_stream_async), STREAMED),
    ],
    ids=["complete", "complete_async", "stream", "stream_async"],
)
def test_each_way_is_recorded_and_counted(
    open_engine: Open,
    ledger: Path,
    server: ScriptedServer,
    tmp_path: Path,
    carry_out: Callable[[Engine], None],
    second: Answer,
    state: str | None,
) -> None:
    """Whole or streamed, awaited or not, with counters in memory or in a file: one record, once in the budget."""
    server.answer_with(WHOLE, second)
    kept = MemoryState() if state is None else SqliteState(tmp_path / state)

    carry_out(open_engine(state=kept))

    (record,) = records(ledger)
    assert (record.rule, record.answered_by, record.escalations) == ("careful", "large", 1)
    assert record.cost_usd == Decimal("0.163")
    with open_engine(state=kept, ledger=None) as engine:
        asked = engine.complete(Request(task="refused", input="x"))
    assert asked.decision.rule == "refused"
    assert spent_usd(kept, engine) == Decimal("0.163")


def spent_usd(state: State, engine: Engine) -> Decimal:
    """What the budget says is spent."""
    facts = Facts(CAREFUL, engine.policy_set.layout)
    budgets = Budgets(state, budgets_of(engine.policy_set.declarations))
    (standing,) = budgets.reserve(Decimal(0), facts, now_s=time.time()).standings
    state.close()
    return standing.used_usd


HOLD = Hold()
WELL = Request(task="chat", input="Well?", params={"max_tokens": 100})
BOUND = Decimal("0.102")  # 2 tokens in and 100 out, at $0.001 each


def _leave(engine: Engine) -> None:
    with engine, engine.stream(WELL) as answer:
        next(chunk for chunk in answer if chunk.text)


async def _leave_async(engine: Engine) -> None:
    async with engine, engine.stream_async(WELL) as answer:
        async for chunk in answer:
            if chunk.text:
                return


async def _cancel(engine: Engine) -> None:
    async with engine:
        task = asyncio.ensure_future(engine.complete_async(WELL))
        await asyncio.to_thread(HOLD.reached.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("state", [None, "state.db"])
@pytest.mark.parametrize(
    "leave", [_leave, _awaited(_leave_async), _awaited(_cancel)], ids=["stream", "stream_async", "complete_async"]
)
def test_a_caller_that_leaves_is_recorded(
    open_engine: Open,
    ledger: Path,
    server: ScriptedServer,
    tmp_path: Path,
    leave: Callable[[Engine], None],
    state: str | None,
) -> None:
    """What was called for a caller that did not wait is in the ledger, and is paid at its bound."""
    HOLD.reached.clear()
    HOLD.let_go.clear()
    server.answer_with(sse_answer(*stream_parts("Yes")[:2], HOLD))
    leave(open_engine(state=None if state is None else tmp_path / state))
    HOLD.let_go.set()

    (record,) = records(ledger)
    assert (record.status, record.answered_by, record.answer_chars) == ("cancelled", None, 0)
    assert [(call.model, call.failure, call.cost_usd) for call in record.calls] == [("small", "timeout", BOUND)]


def test_rules_say_how_much_of_the_texts_is_kept(open_engine: Open, ledger: Path) -> None:
    """By default a hash; nothing or all of it where a rule says so, and nothing where two rules differ."""
    with open_engine() as engine:
        for task in ("chat", "secret", "open", "both"):
            engine.complete(Request(task=task, input=MESSAGE))

    assert [(one.task, one.log, one.message, one.answer, one.message_sha256 is None) for one in records(ledger)] == [
        ("chat", "hash", None, None, False),
        ("secret", "none", None, None, True),
        ("open", "full", MESSAGE, "Yes.", False),
        ("both", "none", None, None, True),
    ]


def test_masks_and_retention_are_the_operators(open_engine: Open, ledger: Path) -> None:
    """What is masked never reaches the file, and what is too old is deleted."""
    keeping = Keeping(
        masks=("attributes.email", "user"), log=Log.REDACTED, retention=Retention(max_age_s=None, max_records=1)
    )
    given = Ledger(address=ledger, keeping=keeping)
    for name in ("r1", "r2"):
        with open_engine(ledger=given) as engine:
            engine.complete(Request(id=name, task="chat", input=MESSAGE, user="u1", attributes={"email": "jo@x.org"}))

    (record,) = records(ledger)
    assert (record.request_id, record.user, record.attributes) == ("r2", MASKED, {"email": MASKED})
    assert record.message == "Write to [email], please."


def test_decisions_alone_are_recorded_on_demand(open_engine: Open, ledger: Path) -> None:
    """Only where the ledger is opened for it, since they cost nothing and there may be very many."""
    with open_engine() as engine:
        engine.decide(CAREFUL)
        engine.complete(Request(task="faq", input="When?"))
    with open_engine(ledger=Ledger(address=ledger, decisions=True)) as engine:
        decisions = engine.decide(CAREFUL), asyncio.run(engine.decide_async(CAREFUL, trace=True))

    assert [(one.rule, one.status, one.elapsed_ms) for one in records(ledger) if one.task == "careful"] == [
        ("careful", "decided", None),
        ("careful", "decided", None),
    ]
    assert [one.status for one in records(ledger) if one.task == "faq"] == ["answered"]
    assert [decision.trace is None for decision in decisions] == [True, False]


def test_a_locked_ledger_hurts_no_request_and_is_told(open_engine: Open, ledger: Path) -> None:
    """Requests go on while another program holds the file; what waits is written when it lets go."""
    events: list[Event] = []
    told = threading.Event()

    def receive(event: Event) -> None:
        events.append(event)
        if isinstance(event, LedgerFailed | LedgerRecovered):
            told.set()

    given = Ledger(address=ledger, pace=Pace(linger_s=0.0, retry_s=0.01), busy_timeout_s=0.02)
    with open_engine(ledger=given, on_event=receive) as engine:
        engine.complete(Request(task="faq", input="first"))
        assert engine.flush(10)
        with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            outcome = engine.complete(Request(task="faq", input="second"))
            assert told.wait(10)
            during = engine.ledger_status()
            other.execute("ROLLBACK")
        assert engine.flush(10)
        after = engine.ledger_status()

    assert outcome.text == "From nine to five."
    assert during == WriterStatus(waiting=1, written=1, dropped=0, error="database is locked")
    assert after == WriterStatus(waiting=0, written=2, dropped=0, error=None)
    assert [type(event).__name__ for event in events if isinstance(event, LedgerFailed | LedgerRecovered)] == [
        "LedgerFailed",
        "LedgerRecovered",
    ]
    assert len(records(ledger)) == 2


def test_a_finished_request_is_one_line_of_the_log(open_engine: Open, ledger: Path) -> None:
    """The line says what happened and what it cost, has the record's name, and nothing that the caller wrote."""
    stream = io.StringIO()
    with open_engine(on_event=json_lines(stream)) as engine:
        engine.complete(CAREFUL)
        engine.complete(Request(task=MESSAGE, input=MESSAGE))

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    first, second = (line for line in lines if line["event"] == "request.finished")
    timings = first.pop("elapsed_ms"), first.pop("timestamp")
    assert first == {
        "event": "request.finished",
        "level": "info",
        "record": next(record.id for record in records(ledger) if record.request_id == "r1"),
        "revision": engine.policy_set.revision,
        "generation": 1,
        "task": "careful",
        "rule": "careful",
        "effect": "cascade",
        "status": "accepted",
        "model": "large",
        "tier": "strong",
        "calls": 2,
        "escalations": 1,
        "cost_usd": "0.163",
        "limit": None,
        "cache": None,
        "failures": [],
        "uncounted": False,
    }
    assert timings[0] > 0
    assert (second["task"], second["rule"]) == (None, None)
    assert "jo@example.org" not in stream.getvalue()
    assert "sk-secret" not in stream.getvalue()


def test_an_engine_without_a_ledger_has_no_status(open_engine: Open) -> None:
    """There is nothing to say, and nothing to wait for."""
    with open_engine(ledger=None) as engine:
        assert (engine.ledger_status(), engine.flush()) == (None, True)
