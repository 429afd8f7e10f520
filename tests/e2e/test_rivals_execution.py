"""
Bugs of other products that show when a decision is carried out, as tests of this one, over real sockets.

Each test names the number of its row in the list of public bugs; savings, row 15, are tested beside the ledger that
they are read from (tests/ledger/test_savings.py).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine import Engine, Request
from policy_engine.ledger.describe import record_of
from policy_engine.ledger.entry import Entry
from policy_engine.ledger.savings import savings_of
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome, Status
from tests.servers.openai_wire import completion_answer, stream_answer
from tests.servers.scripted import Answer, Hold, ScriptedServer

SHORT, LONG = "Yes.", "Yes, to every country that has a post office."
CONCURRENT = 200
BUDGET_USD, PAID_USD = Decimal(1), Decimal("0.015")  # the wire's usage is 12 in and 3 out, at $0.001 each

HEAD = """\
version: 1
tasks: [chat]
providers:
  near: {kind: openai, base_url: "%(near)s/v1", retries: 0, timeout: %(timeout)s}
  far: {kind: openai, base_url: "%(far)s/v1", retries: 0, timeout: 10s}
models:
  small: {provider: near, model: s, price: {input: 1000, output: 1000}, context: 128k}
  large: {provider: far, model: l, price: {input: 10000, output: 10000}, context: 128k}
tiers: [{name: fast, models: [small]}, {name: strong, models: [large]}]
"""
BUDGETED = """\
budgets: {daily: {amount: $1, window: month}}
rules:
  - {name: spent, when: {budget: {daily: {used: {gte: 100%}}}}, on_unknown: skip, then: {deny: {message: spent}}}
default: {route: fast}
"""
CASCADE = """\
cascades:
  careful:
    steps: [{route: small, accept: {output: {chars: {gte: 40}}}}, {route: large}]
    limits: {LIMITS}
rules:
  - {name: bounded, then: {params: {max_tokens: 10}}}
default: {cascade: careful}
"""
CHAT = Request(task="chat", input="Do you ship abroad?")
Open = Callable[..., Engine]


@pytest.fixture
def near() -> Iterator[ScriptedServer]:
    """The server of the small model."""
    with ScriptedServer(completion_answer(SHORT)) as server:
        yield server


@pytest.fixture
def far() -> Iterator[ScriptedServer]:
    """The server of the large model."""
    with ScriptedServer(completion_answer(LONG)) as server:
        yield server


@pytest.fixture
def open_engine(near: ScriptedServer, far: ScriptedServer, tmp_path: Path) -> Iterator[Open]:
    """Opens an engine by these policies, its models behind the two servers."""
    opened: list[Engine] = []

    def open_one(policies: str, *, timeout: str = "10s", **more: Any) -> Engine:
        head = HEAD % {"near": near.url, "far": far.url, "timeout": timeout}
        (tmp_path / "policy.yaml").write_text(head + policies, encoding="utf-8")
        opened.append(Engine.open(tmp_path, watch=False, **more))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


def limited(limits: str) -> str:
    """A cascade with these limits."""
    return CASCADE.replace("LIMITS", limits)


def each_in_a_thread(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """Whole answers, all asked at once."""
    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(engine.complete, requests))


def each_streamed_in_a_thread(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """Streams, all asked at once."""

    def read(request: Request) -> Outcome:
        with engine.stream(request) as answer:
            for _ in answer:
                pass
        assert answer.outcome is not None
        return answer.outcome

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(read, requests))


def each_in_a_task(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """Whole answers, awaited together."""

    async def ask() -> list[Outcome]:
        async with engine:  # whose connections belong to this event loop
            return await asyncio.gather(*map(engine.complete_async, requests))

    return asyncio.run(ask())


def each_streamed_in_a_task(engine: Engine, requests: list[Request]) -> list[Outcome]:
    """Streams, awaited together."""

    async def read(request: Request) -> Outcome:
        async with engine.stream_async(request) as answer:
            async for _ in answer:
                pass
        assert answer.outcome is not None
        return answer.outcome

    async def ask() -> list[Outcome]:
        async with engine:
            return await asyncio.gather(*map(read, requests))

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (each_in_a_thread, completion_answer(SHORT)),
        (each_in_a_task, completion_answer(SHORT)),
        (each_streamed_in_a_thread, stream_answer(SHORT)),
        (each_streamed_in_a_task, stream_answer(SHORT)),
    ],
    ids=["complete", "complete_async", "stream", "stream_async"],
)
def test_16_a_budget_holds_under_concurrent_calls_of_every_kind(
    ask: Callable[[Engine, list[Request]], list[Outcome]], answer: Answer, open_engine: Open, near: ScriptedServer
) -> None:
    """However many ask at once, no more is spent than there is, all of it is used, and the rest is refused."""
    near.answer_with(answer)
    bounded = Request(task="chat", input="x", tokens={"input": 17}, params={"max_tokens": 3})  # at most $0.02

    outcomes = ask(open_engine(BUDGETED), [bounded] * CONCURRENT)

    answered = [outcome for outcome in outcomes if outcome.status is Status.ACCEPTED]
    refused = [outcome for outcome in outcomes if outcome.status is Status.DENIED]
    spent = sum((outcome.cost_usd or Decimal(0) for outcome in outcomes), Decimal(0))
    assert len(answered) + len(refused) == CONCURRENT
    assert spent == len(near.requests) * PAID_USD == len(answered) * PAID_USD
    assert spent <= BUDGET_USD
    assert len(answered) >= 50
    assert {outcome.decision.rule for outcome in refused} == {"spent"}


def test_16_what_one_kind_of_call_spent_the_others_know(open_engine: Open, near: ScriptedServer) -> None:
    """Calls of all kinds count into one budget."""
    engine = open_engine(BUDGETED.replace("$1,", "$0.06,"))
    bounded = [Request(task="chat", input="x", tokens={"input": 17}, params={"max_tokens": 3})]
    whole, streamed = completion_answer(SHORT), stream_answer(SHORT)
    near.answer_with(whole, whole, streamed, streamed)

    outcomes = [
        ask(engine, bounded)[0]
        for ask in (each_in_a_thread, each_in_a_task, each_streamed_in_a_thread, each_streamed_in_a_task)
    ]

    # After three at $0.015 each a fourth could cost $0.02, which $0.06 has not left.
    assert [outcome.status for outcome in outcomes] == [Status.ACCEPTED] * 3 + [Status.DENIED]


def test_16_an_escalation_that_the_budget_cannot_pay_for_is_not_made(
    open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """The large model's answer might cost more than is left, so the small one's is given, marked as not accepted."""
    policies = limited("escalations: 2").replace("rules:\n", BUDGETED.partition("default")[0].replace("$1,", "$0.05,"))

    outcome = open_engine(policies).complete(CHAT)

    assert (outcome.status, outcome.text, outcome.limit) == (Status.NOT_ACCEPTED, SHORT, "budget")
    assert far.requests == []


@pytest.mark.parametrize(
    ("limits", "status", "text", "limit"),
    [
        ("escalations: {max: 0, otherwise: fail}", Status.FAILED, "", "escalations"),
        ("escalations: {max: 0, otherwise: last_answer}", Status.NOT_ACCEPTED, SHORT, "escalations"),
        ("cost: {max: $0.05, otherwise: {respond: {text: Later.}}}", Status.ANSWERED, "Later.", "cost"),
        ("cost: {max: $0.05, otherwise: {deny: {message: no}}}", Status.DENIED, "", "cost"),
        ("cost: {max: $0.05, otherwise: fast}", Status.ACCEPTED, SHORT, "cost"),
    ],
)
def test_17_escalation_stops_at_the_requests_and_at_the_dollars_limit(
    limits: str, status: Status, text: str, limit: str, open_engine: Open, far: ScriptedServer
) -> None:
    """The dear model is not called, what is declared is done, and the outcome names the limit."""
    outcome = open_engine(limited(limits)).complete(CHAT)

    assert (outcome.status, outcome.text, outcome.limit) == (status, text, limit)
    assert far.requests == []


def test_17_escalation_stops_at_the_sessions_limit(open_engine: Open, far: ScriptedServer) -> None:
    """A session that has escalated as often as it may gets what is declared; another session does not feel it."""
    engine = open_engine(limited("session_escalations: {max: 1, otherwise: fail}"))

    outcomes = [
        engine.complete(Request(task="chat", input="Do you ship abroad?", session=session))
        for session in ("c1", "c1", "c2")
    ]

    assert [(outcome.status, outcome.limit) for outcome in outcomes] == [
        (Status.ACCEPTED, None),
        (Status.FAILED, "session_escalations"),
        (Status.ACCEPTED, None),
    ]
    assert len(far.requests) == 2


@pytest.mark.parametrize(
    ("otherwise", "then", "calls"),
    [
        ("strong", (Status.ACCEPTED, LONG), (3, 4)),
        ("last_answer", (Status.NOT_ACCEPTED, SHORT), (4, 3)),
        ("fail", (Status.FAILED, ""), (3, 3)),
    ],
)
def test_17_escalation_stops_at_the_windows_limit(
    otherwise: str,
    then: tuple[Status, str],
    calls: tuple[int, int],
    open_engine: Open,
    near: ScriptedServer,
    far: ScriptedServer,
) -> None:
    """When too many of the last requests have escalated, the next does what is declared, and says so."""
    rate = f"escalation_rate: {{max: 30%, window: 1h, min_requests: 3, otherwise: {otherwise}}}"
    engine = open_engine(limited(rate))

    outcomes = [engine.complete(CHAT) for _ in range(4)]

    assert [outcome.limit for outcome in outcomes] == [None, None, None, "escalation_rate"]
    assert (outcomes[-1].status, outcomes[-1].text) == then
    assert (len(near.requests), len(far.requests)) == calls


@pytest.mark.parametrize(
    ("otherwise", "status", "text"),
    [
        ("last_answer", Status.NOT_ACCEPTED, SHORT),
        ("{respond: {text: Later.}}", Status.ANSWERED, "Later."),
        ("fail", Status.FAILED, ""),
    ],
)
def test_17_escalation_stops_at_the_deadline(
    otherwise: str, status: Status, text: str, open_engine: Open, far: ScriptedServer
) -> None:
    """A model that is silent is left when the request's time is over, and what is declared is done."""
    far.answer_with(Answer(before=(Hold(),)))

    outcome = open_engine(limited(f"deadline: {{max: 400ms, otherwise: {otherwise}}}")).complete(CHAT)

    assert (outcome.status, outcome.text, outcome.limit) == (status, text, "deadline")


JUDGED = """\
cascades:
  judged:
    steps:
      - {route: large, accept: {output: {judge: {model: small, question: Is it right?, score: {gte: 0.5}}}}}
      - {route: large}
    limits: {escalation_rate: {max: 10%, window: 1h, min_requests: 1, otherwise: fast}}
rules:
  - {name: sticky, then: {stick: {by: session, for: 1h}}}
default: {cascade: judged}
"""


def test_18_a_judge_that_is_silent_latches_nothing(
    open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """Its timeout is the reason of the escalation, which neither the rate nor the session remembers."""
    near.answer_with(Answer(before=(Hold(),)))
    engine = open_engine(JUDGED, timeout="100ms")
    request = Request(task="chat", input="Do you ship abroad?", session="c1")

    outcomes = [engine.complete(request) for _ in range(2)]

    for outcome in outcomes:
        first = outcome.calls[0]
        assert (first.step, first.verdict, outcome.limit, outcome.kept) == (0, "unknown", None, None)
        assert [reason.rpartition("is unknown: ")[2] for reason in first.reasons] == ["the judge failed: timeout"]
        assert [call.purpose for call in outcome.calls] == ["answer", "judge", "answer"]


SENSED = """\
signals: {tone: {type: string, timeout: 50ms}}
cascades:
  sensed:
    steps: [{route: small, accept: {signal: {tone: calm}}}, {route: large}]
    limits: {escalation_rate: {max: 10%, window: 1h, min_requests: 1, otherwise: strong}}
rules:
  - {name: sticky, then: {stick: {by: session, for: 1h}}}
default: {cascade: sensed}
"""


@pytest.mark.parametrize("awaited", [False, True])
def test_18_a_signal_that_is_silent_latches_nothing(
    awaited: bool, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """A classifier that takes too long is named, and the next request begins at the first step again."""
    never = threading.Event()
    engine = open_engine(SENSED, signals={"tone": lambda _: never.wait(10)})
    request = Request(task="chat", input="Do you ship abroad?", session="c1")

    ask = each_in_a_task if awaited else each_in_a_thread
    outcomes = [ask(engine, [request])[0] for _ in range(2)]
    never.set()

    for outcome in outcomes:
        first = outcome.calls[0]
        assert (first.model, first.verdict, outcome.limit, outcome.kept) == ("small", "unknown", None, None)
        assert first.reasons == ("signal.tone == calm is unknown: no answer within 0.05 s",)
    assert (len(near.requests), len(far.requests)) == (2, 2)


def test_15_savings_of_requests_as_they_were_served(open_engine: Open) -> None:
    """The rejected answer is deducted: a request that escalated cost more than the large model alone, and says so."""
    engine = open_engine(limited("escalations: 1"))
    outcome = engine.complete(CHAT)
    facts = Facts(CHAT, engine.policy_set.layout)
    record = record_of(Entry(decision=outcome.decision, facts=facts, outcome=outcome, at_s=0.0))

    found = savings_of([record], engine.policy_set.cards["large"])

    assert found.parts_usd == {"answers": Decimal("0.15"), "discarded": PAID_USD}
    assert (found.baseline_usd, found.saved_usd) == (Decimal("0.15"), -PAID_USD)
