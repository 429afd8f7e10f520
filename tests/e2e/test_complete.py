"""Requests carried out by an engine over real sockets, against a server that speaks OpenAI's wire format."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine import Engine, Request
from policy_engine.model.call import FailureKind
from policy_engine.model.outcome import Outcome, Status
from tests.servers.openai_wire import completion_answer, error_answer, stream_answer, stream_parts
from tests.servers.scripted import HANG_UP, Answer, Hold, ScriptedServer, sse_answer

# One input token costs what one output token does: $0.001. The wire's usage is 12 in (4 of them cached) and 3 out.
POLICY = """\
version: 1
tasks: [chat, careful, capped, quick, local, spend]
providers:
  near: {kind: openai, base_url: "%(near)s/v1", api_key: "${PE_TEST_KEY}", retries: 0, timeout: %(timeout)s}
  far: {kind: openai, base_url: "%(far)s/v1", api_key: "${PE_TEST_KEY}", retries: 0}
models:
  small: {provider: near, model: gpt-4o-mini, price: {input: 1000, output: 1000, cached_input: 500}, context: 128k}
  large: {provider: far, model: gpt-4.1, price: {input: 10000, output: 10000}, context: 128k, tags: [eu]}
tiers: [{name: fast, models: [small]}, {name: strong, models: [large]}]
budgets: {daily: {amount: $0.02, window: day}}
cascades:
  careful:
    steps:
      - {route: small, accept: {output: {chars: {gte: 40}}}}
      - {route: large}
rules:
  - {name: eu, when: {task: local}, on_unknown: skip, then: {only: {tags: [eu]}}}
  - {name: local, when: {task: local}, then: {route: [small, large]}}
  - {name: careful, when: {task: careful}, then: {cascade: careful}}
  - {name: capped, when: {task: capped}, then: {cascade: careful, limits: {cost: $0.05}, params: {max_tokens: 10}}}
  - {name: quick, when: {task: quick}, then: {route: small, limits: {deadline: 100ms}}}
  - name: frugal
    when: {task: spend, budget: {daily: {used: {gte: 50%%}}}}
    then: {respond: {text: Enough for today.}}
default: {route: [small, large]}
"""
CHAT = Request(task="chat", input="Do you ship abroad?")
SHORT = "Yes."
LONG = "Yes, to every country that has a post office."
Open = Callable[..., Engine]


@pytest.fixture
def near() -> Iterator[ScriptedServer]:
    """The server of the small model."""
    with ScriptedServer(completion_answer(SHORT)) as server:
        yield server


@pytest.fixture
def far() -> Iterator[ScriptedServer]:
    """The server of the large model."""
    with ScriptedServer(completion_answer(LONG, model="gpt-4.1-2025-04-14")) as server:
        yield server


@pytest.fixture
def open_engine(
    near: ScriptedServer, far: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Opens an engine whose models are behind the two servers."""
    monkeypatch.setenv("PE_TEST_KEY", "sk-secret")
    opened: list[Engine] = []

    def open_one(timeout: str = "10s") -> Engine:
        policy = POLICY % {"near": near.url, "far": far.url, "timeout": timeout}
        (tmp_path / "policy.yaml").write_text(policy, encoding="utf-8")
        opened.append(Engine.open(tmp_path, watch=False))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


def called(outcome: Outcome) -> list[tuple[str, FailureKind | None]]:
    """The models that were called, in order, each with how it failed."""
    return [(call.model, None if call.failure is None else call.failure.kind) for call in outcome.calls]


def test_a_request_is_answered_and_priced(open_engine: Open, near: ScriptedServer, far: ScriptedServer) -> None:
    """The first model is sent the request under its own name, and is paid by the usage that it tells."""
    outcome = open_engine().complete(CHAT)

    assert (outcome.status, outcome.text, outcome.error) == (Status.ACCEPTED, SHORT, None)
    assert outcome.cost_usd == Decimal("0.013")  # 8 × $0.001 + 4 cached × $0.0005 + 3 × $0.001
    assert called(outcome) == [("small", None)]
    assert near.requests[0].path == "/v1/chat/completions"
    assert near.requests[0].headers["authorization"] == "Bearer sk-secret"
    assert near.requests[0].json["model"] == "gpt-4o-mini"
    assert near.requests[0].json["messages"] == [{"role": "user", "content": "Do you ship abroad?"}]
    assert far.requests == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error_answer(500, "oops"), FailureKind.SERVER),
        (error_answer(429, "slow down", headers={"retry-after": "60"}), FailureKind.RATE_LIMIT),
        (Answer(headers={"content-type": "application/json"}, parts=(b'{"choices": [',)), FailureKind.MALFORMED),
        (Answer(headers={"content-type": "text/html"}, parts=(b"<h1>Welcome</h1>",)), FailureKind.MALFORMED),
        (Answer(parts=(HANG_UP,), is_raw=True), FailureKind.CONNECTION),
    ],
    ids=["500", "429", "malformed JSON", "a web page", "hung up"],
)
def test_the_next_model_answers_where_one_fails(
    open_engine: Open, near: ScriptedServer, answer: Answer, kind: FailureKind
) -> None:
    """The failure is in the record of its call, and the answer is the next model's."""
    near.answer_with(answer)

    outcome = open_engine().complete(CHAT)

    assert (outcome.status, outcome.text) == (Status.ACCEPTED, LONG)
    assert called(outcome) == [("small", kind), ("large", None)]
    assert outcome.escalations == 0


def test_the_next_model_answers_where_one_is_silent(open_engine: Open, near: ScriptedServer) -> None:
    """A provider's timeout ends the wait; the work may have been done, so the call is counted at its bound."""
    near.answer_with(Answer(before=(Hold(),)))

    outcome = open_engine(timeout="100ms").complete(CHAT)

    first = outcome.calls[0]
    assert outcome.text == LONG
    assert called(outcome) == [("small", FailureKind.TIMEOUT), ("large", None)]
    assert first.failure is not None
    assert first.failure.may_be_billed
    assert first.cost_usd is not None
    assert first.cost_usd > Decimal("0.013")


@pytest.mark.parametrize("status", [400, 401])
def test_the_callers_own_mistake_is_not_passed_on(
    open_engine: Open, near: ScriptedServer, far: ScriptedServer, status: int
) -> None:
    """What would fail everywhere, or is for the operator to mend, ends the request with its reason."""
    near.answer_with(error_answer(status, "you did it wrong"))

    outcome = open_engine().complete(CHAT)

    assert outcome.status is Status.FAILED
    assert "you did it wrong" in (outcome.error or "")
    assert far.requests == []


def test_no_call_outlives_the_deadline(open_engine: Open, near: ScriptedServer, far: ScriptedServer) -> None:
    """A model that is silent is left when the request's time is over, and nobody else is asked."""
    near.answer_with(Answer(before=(Hold(),)))

    outcome = open_engine().complete(Request(task="quick", input="Well?"))

    assert outcome.status is Status.FAILED
    assert called(outcome) == [("small", FailureKind.TIMEOUT)]
    assert far.requests == []


def test_an_answer_streams(open_engine: Open, near: ScriptedServer) -> None:
    """The pieces arrive while the server still has more to say, and the outcome is there at the end."""
    hold = Hold()
    first, second, *rest = stream_parts("Yes", ", we do.")
    near.answer_with(sse_answer(first, second, hold, *rest))

    with open_engine().stream(CHAT) as answer:
        seen = [next(chunk.text for chunk in answer if chunk.text)]
        assert answer.outcome is None
        hold.let_go.set()
        seen += [chunk.text for chunk in answer if chunk.text]

    assert seen == ["Yes", ", we do."]
    assert answer.outcome is not None
    assert (answer.outcome.status, answer.outcome.text) == (Status.ACCEPTED, "Yes, we do.")
    assert answer.outcome.cost_usd == Decimal("0.013")
    assert near.requests[0].json["stream"] is True


def test_a_stream_falls_back_before_its_first_piece(
    open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """An error instead of a stream is passed on like any other."""
    near.answer_with(error_answer(500, "oops"))
    far.answer_with(stream_answer("From", " afar."))

    with open_engine().stream(CHAT) as answer:
        text = "".join(chunk.text for chunk in answer)

    assert text == "From afar."
    assert answer.outcome is not None
    assert called(answer.outcome) == [("small", FailureKind.SERVER), ("large", None)]


def test_a_stream_that_breaks_is_not_begun_anew(open_engine: Open, near: ScriptedServer, far: ScriptedServer) -> None:
    """The caller has seen a part of it already, so the request fails, and is paid at its bound."""
    near.answer_with(sse_answer(*stream_parts("Yes", ", we")[:3], HANG_UP))

    with open_engine().stream(CHAT) as answer:
        text = "".join(chunk.text for chunk in answer)

    assert text == "Yes, we"
    assert answer.outcome is not None
    assert answer.outcome.status is Status.FAILED
    assert far.requests == []


def test_closing_a_stream_cancels_the_call(open_engine: Open, near: ScriptedServer) -> None:
    """A caller who leaves does not wait for the rest."""
    near.answer_with(sse_answer(*stream_parts("Yes")[:2], Hold()))

    with closing(open_engine().stream(CHAT)) as answer:
        seen = next(chunk.text for chunk in answer if chunk.text)

    assert (seen, answer.outcome) == ("Yes", None)


def test_a_cascade_escalates_and_pays_for_both(open_engine: Open, near: ScriptedServer) -> None:
    """An answer that its gate does not accept is thrown away, and paid."""
    outcome = open_engine().complete(Request(task="careful", input="Do you ship abroad?"))

    assert (outcome.status, outcome.text, outcome.escalations) == (Status.ACCEPTED, LONG, 1)
    assert [(call.model, call.step, call.verdict) for call in outcome.calls] == [
        ("small", 0, "false"),
        ("large", 1, None),
    ]
    assert outcome.calls[0].reasons == ("output.chars >= 40 does not hold",)
    assert outcome.cost_usd == Decimal("0.163")


def test_nothing_is_called_after_acceptance(open_engine: Open, near: ScriptedServer, far: ScriptedServer) -> None:
    """A first step whose answer is good enough is the last one."""
    near.answer_with(completion_answer(LONG))

    outcome = open_engine().complete(Request(task="careful", input="Do you ship abroad?"))

    assert (outcome.text, outcome.escalations, far.requests) == (LONG, 0, [])


def test_a_gated_step_is_whole_and_the_last_one_streams(
    open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """Nobody sees a piece of an answer that may yet be thrown away."""
    far.answer_with(stream_answer("Yes", ", everywhere."))

    with open_engine().stream(Request(task="careful", input="Do you ship abroad?")) as answer:
        seen = [chunk.text for chunk in answer if chunk.text]

    assert seen == ["Yes", ", everywhere."]
    assert "stream" not in near.requests[0].json
    assert far.requests[0].json["stream"] is True


def test_no_call_could_break_the_cap(open_engine: Open, far: ScriptedServer) -> None:
    """The large model could cost more than is left, so it is not asked: the best answer so far is given, and marked."""
    outcome = open_engine().complete(Request(task="capped", input="Do you ship abroad?"))

    assert (outcome.status, outcome.text, outcome.limit) == (Status.NOT_ACCEPTED, SHORT, "cost")
    assert far.requests == []


def test_only_is_kept_on_a_fallback(open_engine: Open, near: ScriptedServer, far: ScriptedServer) -> None:
    """A model without the tags is never called, not even where the others fail."""
    far.answer_with(error_answer(500, "oops"))

    outcome = open_engine().complete(Request(task="local", input="Do you ship abroad?"))

    assert outcome.status is Status.FAILED
    assert called(outcome) == [("large", FailureKind.SERVER)]
    assert near.requests == []


def test_a_budget_is_counted_and_read(open_engine: Open, near: ScriptedServer) -> None:
    """What a request cost is known to the rules of the next."""
    engine = open_engine()
    spend = Request(task="spend", input="Do you ship abroad?", params={"max_tokens": 3})

    outcomes = [engine.complete(spend), engine.complete(spend)]

    assert [(outcome.status, outcome.decision.rule) for outcome in outcomes] == [
        (Status.ACCEPTED, None),
        (Status.ANSWERED, "frugal"),
    ]
    assert len(near.requests) == 1


async def _stream_async(engine: Engine, request: Request) -> tuple[str, Outcome | None]:
    async with engine.stream_async(request) as answer:
        return "".join([chunk.text async for chunk in answer]), answer.outcome


def test_the_same_awaited(open_engine: Open, near: ScriptedServer) -> None:
    """`complete_async` and `stream_async` fall back and stream like their blocking twins."""
    near.answer_with(error_answer(500, "oops"), stream_answer("Yes", ", we do."))

    async def both() -> tuple[Outcome, tuple[str, Outcome | None]]:
        async with open_engine() as engine:
            return await engine.complete_async(CHAT), await _stream_async(engine, CHAT)

    outcome, (text, streamed) = asyncio.run(both())

    assert called(outcome) == [("small", FailureKind.SERVER), ("large", None)]
    assert text == "Yes, we do."
    assert streamed is not None
    assert streamed.status is Status.ACCEPTED


def test_closing_an_awaited_stream_cancels_the_call(open_engine: Open, near: ScriptedServer) -> None:
    """The connection is let go at once, not when the event loop gets to it."""
    near.answer_with(sse_answer(*stream_parts("Yes")[:2], Hold()))

    async def begin() -> str:
        async with open_engine() as engine, engine.stream_async(CHAT) as answer:
            async for chunk in answer:
                if chunk.text:
                    return chunk.text
        return ""

    assert asyncio.run(begin()) == "Yes"
