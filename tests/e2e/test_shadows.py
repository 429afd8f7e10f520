"""Shadows of an engine's requests over real sockets: another model is asked beside the caller, and never felt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine import Engine
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.executor.carriers import Carriers
from policy_engine.ledger.read import Reader
from policy_engine.model.facts import utc_now
from policy_engine.model.outcome import Outcome, Status
from policy_engine.model.request import Request
from policy_engine.model.shadow import ShadowResult
from policy_engine.pipeline import build
from policy_engine.signals.live import LiveSignals
from policy_engine.state.memory import MemoryState
from tests.servers import anthropic_wire, openai_wire
from tests.servers.scripted import Hold, ScriptedServer, json_answer

# One token costs $0.001, and the wire's usage is 12 in and 3 out.
POLICY = """\
version: 1
tasks: [chat, costly]
providers:
  near: {kind: openai, base_url: "%(near)s/v1", retries: 0}
  far: {kind: anthropic, base_url: "%(far)s", api_key: "${PE_TEST_KEY}", retries: 0}
models:
  small: {provider: near, model: gpt-4o-mini, price: {input: 1000, output: 1000}, max_output: 100}
  large: {provider: far, model: claude-haiku-4-5, price: {input: 1000, output: 1000}, max_output: 100}
tiers: [{name: fast, models: [small]}, {name: strong, models: [large]}]
budgets: {daily: {amount: $10, window: day}}
rules:
  - {name: beside, when: {task: chat}, then: {shadow: {route: strong, compare: similarity}}}
  - {name: dear, when: {task: costly}, then: {shadow: {route: strong, compare: exact, budget: $0.12/day}}}
  - {name: spent, when: {budget: {daily: {used: {gte: 99%%}}}}, then: {deny: {message: spent}}, on_unknown: skip}
default: {route: fast}
"""
CHAT = Request(id="r1", task="chat", input="Do you ship abroad?")
COSTLY = Request(task="costly", input="Do you ship abroad?")
Ask = Callable[[Carriers, PolicySet], Outcome]


@pytest.fixture
def near() -> Iterator[ScriptedServer]:
    """The server of the model that answers."""
    with ScriptedServer(openai_wire.completion_answer("Hello there.")) as server:
        yield server


@pytest.fixture
def far() -> Iterator[ScriptedServer]:
    """The server of the shadow's model."""
    with ScriptedServer(anthropic_wire.message_answer()) as server:
        yield server


@pytest.fixture
def policies(near: ScriptedServer, far: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PolicySet:
    """Policies over both servers."""
    monkeypatch.setenv("PE_TEST_KEY", "sk-secret")
    (tmp_path / "policy.yaml").write_text(POLICY % {"near": near.url, "far": far.url}, encoding="utf-8")
    result = build(tmp_path)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


@pytest.fixture
def results() -> list[ShadowResult]:
    """What shadows came to."""
    return []


@pytest.fixture
def carriers(results: list[ShadowResult]) -> Iterator[Carriers]:
    """What carries requests out."""
    carriers = Carriers(signals=LiveSignals(MemoryState()), on_shadow=results.append, clock=utc_now)
    yield carriers
    carriers.close()


def complete(carriers: Carriers, policies: PolicySet) -> Outcome:
    """A whole answer."""
    return carriers.carrier_of(policies).complete(CHAT)


def complete_async(carriers: Carriers, policies: PolicySet) -> Outcome:
    """A whole answer, awaited."""

    async def ask() -> Outcome:
        outcome = await carriers.carrier_of(policies).complete_async(CHAT)
        await carriers.close_async()
        return outcome

    return asyncio.run(ask())


def stream(carriers: Carriers, policies: PolicySet) -> Outcome:
    """An answer in pieces."""
    with carriers.carrier_of(policies).stream(CHAT) as answer:
        for _ in answer:
            pass
    assert answer.outcome is not None
    return answer.outcome


def stream_async(carriers: Carriers, policies: PolicySet) -> Outcome:
    """An answer in pieces, awaited."""

    async def read() -> Outcome | None:
        async with carriers.carrier_of(policies).stream_async(CHAT) as answer:
            async for _ in answer:
                pass
        await carriers.close_async()
        return answer.outcome

    outcome = asyncio.run(read())
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("ask", [complete, complete_async, stream, stream_async])
def test_every_way_to_ask_has_its_shadow(
    ask: Ask, policies: PolicySet, near: ScriptedServer, carriers: Carriers, results: list[ShadowResult]
) -> None:
    """The other API is asked the same, and the result names both models, the agreement and the price."""
    streamed = ask in (stream, stream_async)
    whole = openai_wire.completion_answer("Hello there.")
    near.answer_with(openai_wire.stream_answer("Hello", " there.") if streamed else whole)

    outcome = ask(carriers, policies)
    carriers.close()

    (result,) = results
    assert (outcome.status, outcome.text) == (Status.ACCEPTED, "Hello there.")
    assert [call.purpose for call in outcome.calls] == ["answer"]
    assert (result.against, result.model, result.agreement) == ("small", "large", pytest.approx(1.0))
    assert (result.cost_usd, result.failure) == (Decimal("0.015"), None)


def test_a_silent_shadow_is_not_waited_for(
    policies: PolicySet, far: ScriptedServer, carriers: Carriers, results: list[ShadowResult]
) -> None:
    """The caller has the answer while the shadow's model has said nothing yet; several requests in a row, too."""
    hold = Hold()
    whole = anthropic_wire.message_answer()
    far.answer_with(replace(whole, before=(hold,)), whole)
    carrier = carriers.carrier_of(policies)

    outcomes = [carrier.complete(CHAT) for _ in range(3)]
    is_reached = hold.reached.wait(10)
    hold.let_go.set()
    carriers.close()

    assert is_reached
    assert [outcome.text for outcome in outcomes] == ["Hello there."] * 3
    assert len(results) == 3


def test_a_silent_shadow_is_not_awaited(
    policies: PolicySet, far: ScriptedServer, carriers: Carriers, results: list[ShadowResult]
) -> None:
    """Nor does it hold the event loop up."""
    hold = Hold()
    whole = anthropic_wire.message_answer()
    far.answer_with(replace(whole, before=(hold,)), whole)

    async def ask() -> list[Outcome]:
        carrier = carriers.carrier_of(policies)
        outcomes = [await carrier.complete_async(CHAT) for _ in range(3)]
        hold.let_go.set()
        await carriers.close_async()
        return outcomes

    outcomes = asyncio.run(ask())

    assert [outcome.text for outcome in outcomes] == ["Hello there."] * 3
    assert len(results) == 3


@pytest.mark.parametrize("status", [429, 500])
def test_a_shadow_that_fails_changes_nothing(
    status: int, policies: PolicySet, far: ScriptedServer, carriers: Carriers, results: list[ShadowResult]
) -> None:
    """The failure is in the result; neither the answer nor what later requests are routed by knows of it."""
    far.answer_with(json_answer({"type": "error", "error": {"type": "api_error", "message": "oops"}}, status=status))
    carrier = carriers.carrier_of(policies)

    outcomes = [carrier.complete(CHAT) for _ in range(4)]
    carriers.close()

    assert [(outcome.status, outcome.put_off) for outcome in outcomes] == [(Status.ACCEPTED, ())] * 4
    assert {(result.failure, result.agreement) for result in results} == {
        ("rate_limit" if status == 429 else "server", None)
    }
    assert carrier.complete(CHAT).put_off == ()


def test_a_shadow_has_money_of_its_own(
    policies: PolicySet, far: ScriptedServer, carriers: Carriers, results: list[ShadowResult]
) -> None:
    """It is asked while its bound fits its budget, and the budgets that rules read do not know of it."""
    carrier = carriers.carrier_of(policies)

    for _ in range(3):
        carrier.complete(COSTLY)
        carriers.close()

    # At most 5 + 100 tokens, $0.105; in truth $0.015 each, so the second would fit $0.12 exactly and the third not.
    assert (len(results), len(far.requests)) == (2, 2)
    assert carrier.complete(COSTLY).status is Status.ACCEPTED


def test_a_shadow_keeps_the_policies_that_its_request_began_with(
    policies: PolicySet,
    near: ScriptedServer,
    far: ScriptedServer,
    carriers: Carriers,
    results: list[ShadowResult],
    tmp_path: Path,
) -> None:
    """Policies without the shadow that go live in the meantime do not take it away."""
    hold = Hold()
    whole = anthropic_wire.message_answer()
    far.answer_with(replace(whole, before=(hold,)), whole)
    carriers.carrier_of(policies).complete(CHAT)
    assert hold.reached.wait(10)
    plain = (POLICY % {"near": near.url, "far": far.url}).replace("route: strong", "route: fast")
    (tmp_path / "policy.yaml").write_text(plain, encoding="utf-8")
    later = build(tmp_path).policy_set
    assert later is not None

    carriers.carrier_of(later).complete(CHAT)
    hold.let_go.set()
    carriers.close()

    assert [(result.model, result.failure) for result in results] == [("large", None)]


def test_without_anybody_who_takes_the_result_nobody_is_asked(policies: PolicySet, far: ScriptedServer) -> None:
    """What would be recorded nowhere is not paid for."""
    carriers = Carriers(signals=LiveSignals(MemoryState()), clock=utc_now)

    carriers.carrier_of(policies).complete(CHAT)
    carriers.close()

    assert far.requests == []


def test_an_engine_with_a_ledger_writes_down_what_its_shadows_said(
    policies: PolicySet, far: ScriptedServer, tmp_path: Path
) -> None:
    """The result stands in the record of its request, and the shadow's call among the calls, paid apart."""
    ledger = tmp_path / "ledger.db"
    with Engine.open(tmp_path, watch=False, ledger=f"sqlite:///{ledger}") as engine:
        outcome = engine.complete(CHAT)

    reader = Reader(ledger)
    (record,) = reader.records()
    reader.close()
    assert record.shadow is not None
    assert (record.shadow["model"], record.shadow["against"], record.shadow["cost_usd"]) == ("large", "small", "0.015")
    assert [(call.purpose, call.model) for call in record.calls] == [("answer", "small"), ("shadow", "large")]
    assert record.cost_usd == outcome.cost_usd == Decimal("0.015")
