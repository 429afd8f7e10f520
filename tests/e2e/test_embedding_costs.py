"""What a provider's embedder costs, in the outcome, the ledger, the budgets and the event of whom it was paid for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine import Engine, Request
from policy_engine.ledger.open import Ledger
from policy_engine.ledger.read import Reader
from policy_engine.model.call import Usage
from policy_engine.model.events import Event, RequestFinished
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome
from policy_engine.signals.budgets import Budgets, budgets_of
from policy_engine.state.memory import MemoryState
from tests.servers.scripted import Answer, ScriptedServer, json_answer

POLICY = """\
version: 1
tasks: [chat, alike]
providers: {{here: {{kind: openai, base_url: "{url}"}}, local: {{kind: fake, reply: a fine answer}}}}
models:
  m: {{provider: local, model: m, price: {{input: 1000, output: 1000}}}}
  e: {{provider: here, model: small{price}}}
budgets: {{daily: {{amount: $1, window: day}}}}
caches: {{support: {{kind: semantic, embedder: here/small, threshold: 0.9, check: 0%}}}}
phrases: {{greeting: {{embedder: here/small, of: [hello there]}}}}
rules:
  - {{name: remember, when: {{task: chat}}, then: {{remember: support}}}}
  - {{name: before, when: {{task: chat, cache: {{support: {{hit: true}}}}}}, then: {{respond: {{cache: support}}}}}}
  - {{name: alike, when: {{task: alike, similar: {{greeting: {{gte: 0.9}}}}}}, then: {{respond: {{text: Hello.}}}}}}
default: {{route: m}}
"""
PRICED = ", price: {input: 1000, output: 0}"
CHAT = Request(task="chat", input="how many boots are there?")
LOOKUP_USD = Decimal("0.01")
VECTOR = json_answer({"data": [{"index": 0, "embedding": [3, 4]}], "usage": {"prompt_tokens": 10, "total_tokens": 10}})


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Opens engines whose embedder answers as scripted."""
    made: list[Any] = []

    def open_engine(*answers: Answer, price: str = PRICED, **more: Any) -> Engine:
        server = ScriptedServer(*(answers or (VECTOR,)))
        server.__enter__()
        (tmp_path / "policies").mkdir()
        (tmp_path / "policies" / "policy.yaml").write_text(POLICY.format(url=f"{server.url}/v1", price=price))
        engine = Engine.open(tmp_path / "policies", watch=False, **more)
        made.extend((engine, server))
        return engine

    yield open_engine
    for one in made:
        one.__exit__(None, None, None)


def costs(outcome: Outcome) -> list[tuple[str, str, Decimal | None]]:
    """What each call was for, whom it went to and what it cost."""
    return [(call.purpose, call.model, call.cost_usd) for call in outcome.calls]


EMBEDDED = ("embedding", "here/small", LOOKUP_USD)


@pytest.mark.parametrize("state", ["memory:", "file"])
def test_a_request_pays_for_its_embeddings(opened: Callable[..., Engine], tmp_path: Path, state: str) -> None:
    """A miss pays for its lookup and its answer, a hit for its lookup alone; total, budget and event say the same."""
    events: list[Event] = []
    where = tmp_path / "state.db" if state == "file" else state
    engine = opened(on_event=events.append, ledger=tmp_path / "ledger.db", state=where)
    miss, hit = engine.complete(CHAT), asyncio.run(engine.complete_async(CHAT))
    used = engine.complete(Request(task="alike", input="hello there", id="r")).decision
    engine.flush(10)
    finished = [event.cost_usd for event in events if isinstance(event, RequestFinished)]
    with closing(Reader(tmp_path / "ledger.db")) as reader:
        records = list(reader.records())

    answer_usd = miss.calls[1].cost_usd
    assert answer_usd is not None
    assert (costs(miss), miss.cost_usd) == ([EMBEDDED, ("answer", "m", answer_usd)], LOOKUP_USD + answer_usd)
    assert (costs(hit), hit.cost_usd, hit.status) == ([EMBEDDED], LOOKUP_USD, "answered")
    assert (miss.calls[0].usage, miss.escalations) == (Usage(input_tokens=10, output_tokens=0), 0)
    assert used.rule == "alike"
    assert finished == [format(miss.cost_usd, "f"), "0.01", "0.02"]
    assert sorted(record.cost_usd or 0 for record in records) == sorted((miss.cost_usd, LOOKUP_USD, 2 * LOOKUP_USD))
    assert [[call.purpose for call in record.calls] for record in records if record.status == "answered"] == [
        ["embedding"],
        ["embedding"] * 2,
    ]


def test_a_budget_counts_embeddings(opened: Callable[..., Engine]) -> None:
    """What was paid for embeddings is used in the budget of the request that paid, however it ended."""
    state = MemoryState()
    engine = opened(state=state)
    spent = sum((engine.complete(CHAT).cost_usd or Decimal(0) for _ in range(3)), Decimal(0))
    with engine.stream(Request(task="chat", input="how many boots are there, then?")) as left:
        next(left)
    policy_set = engine.policy_set
    budgets, facts = Budgets(state, budgets_of(policy_set.declarations)), Facts(CHAT, policy_set.layout)
    reservation = budgets.reserve(Decimal(0), facts, now_s=time.time())

    assert spent > 3 * LOOKUP_USD
    assert reservation.standings[0].used_usd == spent + LOOKUP_USD


def test_an_unknown_price_makes_the_cost_unknown(opened: Callable[..., Engine]) -> None:
    """Where nobody knows what the embedder costs, nobody knows what the request has cost."""
    outcome = opened(price="").complete(CHAT)

    assert (outcome.calls[0].cost_usd, outcome.cost_usd) == (None, None)


def test_an_embedder_that_fails_is_a_call_too(opened: Callable[..., Engine]) -> None:
    """It cost nothing, says how it failed, and the request is answered all the same."""
    outcome = opened(json_answer({}, status=429)).complete(CHAT)

    assert [(call.purpose, call.failure and call.failure.kind, call.cost_usd) for call in outcome.calls[:-1]] == [
        ("embedding", "rate_limit", Decimal(0)),
    ] * 2
    assert outcome.text == "a fine answer"


def test_a_decision_alone_is_recorded_with_its_embeddings(opened: Callable[..., Engine], tmp_path: Path) -> None:
    """Where decisions are recorded, the ledger says what they cost."""
    engine = opened(ledger=Ledger(address=tmp_path / "ledger.db", decisions=True))
    engine.decide(CHAT)
    asyncio.run(engine.decide_async(Request(task="other", input="x")))
    engine.flush(10)
    with closing(Reader(tmp_path / "ledger.db")) as reader:
        records = list(reader.records())

    assert [(record.status, record.cost_usd, len(record.calls)) for record in records] == [
        ("decided", LOOKUP_USD, 1),
        ("decided", None, 0),
    ]
