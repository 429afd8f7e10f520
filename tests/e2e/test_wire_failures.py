"""What servers do wrong, in both wire formats, whole and streamed, sync and async, over real sockets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine import Engine, Request
from policy_engine.model.call import FailureKind
from policy_engine.model.outcome import Status
from tests.e2e.wires import ANTHROPIC, OPENAI, STREAM_WAYS, WHOLE_WAYS, Ask, Wire
from tests.servers.scripted import HANG_UP, RESET, Answer, End, Hold, ScriptedServer, event

# Each token costs $0.001, cached ones half of it: the wires' usage is 8 × 1 + 4 × 0.5 + 3 × 1 thousandths.
POLICY = """\
version: 1
providers:
  first: {kind: %(kind)s, base_url: "%(first)s", api_key: "${PE_TEST_KEY}", retries: 0, timeout: %(timeout)s}
  spare: {kind: %(kind)s, base_url: "%(spare)s", api_key: "${PE_TEST_KEY}", retries: 0}
models:
  first: {provider: first, model: m1, price: {input: 1000, output: 1000, cached_input: 500}, max_output: 100}
  spare: {provider: spare, model: m2, price: {input: 1000, output: 1000, cached_input: 500}, max_output: 100}
tiers: [{name: fast, models: [first, spare]}]
default: {route: fast}
"""
CHAT = Request(input="Do you ship abroad?")
PAID_USD = Decimal("0.013")
BOUND_USD = Decimal("0.105")  # 5 tokens in, at most 100 out
TEXT = "Yes, we do."
JSON_TYPE = {"content-type": "application/json"}
SSE_TYPE = {"content-type": "text/event-stream"}
Open = Callable[..., Engine]

WIRES = pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
WHOLE = pytest.mark.parametrize("ask", WHOLE_WAYS)
STREAMED = pytest.mark.parametrize("ask", STREAM_WAYS)


@pytest.fixture
def first() -> Iterator[ScriptedServer]:
    """The server of the model that is asked first."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def spare() -> Iterator[ScriptedServer]:
    """The server of the one that stands by."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def open_engine(
    first: ScriptedServer, spare: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Opens an engine whose two models speak a wire format."""
    monkeypatch.setenv("PE_TEST_KEY", "sk-secret")
    opened: list[Engine] = []

    def open_one(wire: Wire, timeout: str = "10s") -> Engine:
        urls = {"first": wire.base_url(first.url), "spare": wire.base_url(spare.url)}
        policy = POLICY % {"kind": wire.kind, "timeout": timeout, **urls}
        (tmp_path / "policy.yaml").write_text(policy, encoding="utf-8")
        opened.append(Engine.open(tmp_path, watch=False))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


@WIRES
@WHOLE
def test_a_whole_answer(wire: Wire, ask: Ask, open_engine: Open, first: ScriptedServer, spare: ScriptedServer) -> None:
    """It is accepted and paid by its usage, and nobody else is called."""
    first.answer_with(wire.whole(TEXT))

    text, outcome = ask(open_engine(wire), CHAT)

    assert (text, outcome.status, outcome.cost_usd) == (TEXT, Status.ACCEPTED, PAID_USD)
    assert spare.requests == []


@WIRES
@STREAMED
def test_a_streamed_answer(
    wire: Wire, ask: Ask, open_engine: Open, first: ScriptedServer, spare: ScriptedServer
) -> None:
    """The same in pieces."""
    first.answer_with(wire.streamed(TEXT))

    text, outcome = ask(open_engine(wire), CHAT)

    assert (text, outcome.text, outcome.status, outcome.cost_usd) == (TEXT, TEXT, Status.ACCEPTED, PAID_USD)
    assert outcome.calls[0].first_token_ms is not None
    assert spare.requests == []


def slow(wire: Wire) -> Answer:
    """A server that says nothing."""
    return Answer(before=(Hold(),))


def not_json(wire: Wire) -> Answer:
    """A body that breaks off in the middle of its JSON, though all of it has come."""
    return Answer(headers=JSON_TYPE, parts=(b'{"id": "x", "choices": [{', b'"message"'))


def web_page(wire: Wire) -> Answer:
    """What a proxy in between says."""
    return Answer(headers={"content-type": "text/html"}, parts=(b"<h1>Welcome</h1>",))


def cut_off(wire: Wire, end: End) -> Answer:
    """A body of which only the beginning comes."""
    return Answer(headers=JSON_TYPE, parts=(b'{"id": "x", ', end), length=500)


WHOLE_FAILURES = pytest.mark.parametrize(
    ("answer", "kind", "cost_usd"),
    [
        (lambda wire: wire.error(429, {"retry-after": "60"}), FailureKind.RATE_LIMIT, Decimal(0)),
        (lambda wire: wire.error(500), FailureKind.SERVER, Decimal(0)),
        (lambda wire: wire.error(503), FailureKind.SERVER, Decimal(0)),
        (lambda wire: wire.error(408), FailureKind.TIMEOUT, Decimal(0)),
        (slow, FailureKind.TIMEOUT, BOUND_USD),
        (not_json, FailureKind.MALFORMED, BOUND_USD),
        (web_page, FailureKind.MALFORMED, BOUND_USD),
        (lambda wire: cut_off(wire, HANG_UP), FailureKind.CONNECTION, BOUND_USD),
        (lambda wire: cut_off(wire, RESET), FailureKind.CONNECTION, BOUND_USD),
    ],
    ids=["429", "500", "503", "408", "slow", "no JSON", "web page", "truncated", "reset"],
)


@WIRES
@WHOLE
@WHOLE_FAILURES
def test_where_a_whole_answer_fails_the_next_model_answers(
    wire: Wire,
    ask: Ask,
    answer: Callable[[Wire], Answer],
    kind: FailureKind,
    cost_usd: Decimal,
    open_engine: Open,
    first: ScriptedServer,
    spare: ScriptedServer,
) -> None:
    """The failure is recorded by its kind, and counts at its bound where the provider may bill it all the same."""
    first.answer_with(answer(wire))
    spare.answer_with(wire.whole(TEXT))

    text, outcome = ask(open_engine(wire, "300ms" if answer is slow else "10s"), CHAT)

    failed, answered = outcome.calls
    assert (text, outcome.status) == (TEXT, Status.ACCEPTED)
    assert (failed.failure and failed.failure.kind, failed.cost_usd) == (kind, cost_usd)
    assert (answered.model, answered.cost_usd) == ("spare", PAID_USD)
    assert (len(first.requests), len(spare.requests)) == (1, 1)


def first_event_is_no_json(wire: Wire) -> Answer:
    """A stream whose first event makes no sense."""
    return Answer(headers=SSE_TYPE, parts=(event("{no JSON"),))


def ends_at_once(wire: Wire) -> Answer:
    """A stream of which only the head comes."""
    return Answer(headers=SSE_TYPE, parts=(HANG_UP,))


EARLY_FAILURES = pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (lambda wire: wire.error(429, {"retry-after": "60"}), FailureKind.RATE_LIMIT),
        (lambda wire: wire.error(500), FailureKind.SERVER),
        (slow, FailureKind.TIMEOUT),
        (first_event_is_no_json, FailureKind.MALFORMED),
        (web_page, FailureKind.MALFORMED),
        (ends_at_once, FailureKind.CONNECTION),
    ],
    ids=["429", "500", "slow", "no JSON", "web page", "empty"],
)


@WIRES
@STREAMED
@EARLY_FAILURES
def test_where_a_stream_fails_before_its_first_words_the_next_model_answers(
    wire: Wire,
    ask: Ask,
    answer: Callable[[Wire], Answer],
    kind: FailureKind,
    open_engine: Open,
    first: ScriptedServer,
    spare: ScriptedServer,
) -> None:
    """The caller has seen nothing yet, so another model may take over."""
    first.answer_with(answer(wire))
    spare.answer_with(wire.streamed(TEXT))

    text, outcome = ask(open_engine(wire, "300ms" if answer is slow else "10s"), CHAT)

    failed, answered = outcome.calls
    assert (text, outcome.status) == (TEXT, Status.ACCEPTED)
    assert failed.failure is not None
    assert (failed.failure.kind, answered.model) == (kind, "spare")


@WIRES
@STREAMED
@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (RESET, FailureKind.CONNECTION),
        (HANG_UP, FailureKind.CONNECTION),
        (b"", FailureKind.MALFORMED),
        (event("{no JSON"), FailureKind.MALFORMED),
    ],
    ids=["reset", "hung up", "truncated", "no JSON"],
)
def test_a_stream_that_breaks_after_its_first_words_fails_the_request(
    wire: Wire,
    ask: Ask,
    end: End | bytes,
    kind: FailureKind,
    open_engine: Open,
    first: ScriptedServer,
    spare: ScriptedServer,
) -> None:
    """Nobody else is asked, since the caller has read a part of the answer; it is paid at its bound."""
    broken = wire.broken("Yes", end) if end else Answer(headers=SSE_TYPE, parts=wire.begun("Yes"))
    first.answer_with(broken)

    text, outcome = ask(open_engine(wire), CHAT)

    (call,) = outcome.calls
    assert (text, outcome.status, outcome.cost_usd) == ("Yes", Status.FAILED, BOUND_USD)
    assert call.failure is not None
    assert call.failure.kind is kind
    assert spare.requests == []


@WIRES
@pytest.mark.parametrize("ask", [*WHOLE_WAYS, *STREAM_WAYS])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_is_the_callers_or_the_operators_fault_is_not_passed_on(
    wire: Wire, ask: Ask, status: int, open_engine: Open, first: ScriptedServer, spare: ScriptedServer
) -> None:
    """It would fail elsewhere too, or somebody has to mend it."""
    first.answer_with(wire.error(status))

    text, outcome = ask(open_engine(wire), CHAT)

    assert (text, outcome.status, outcome.cost_usd) == ("", Status.FAILED, Decimal(0))
    assert spare.requests == []


@WIRES
def test_a_model_that_asked_to_be_left_alone_is_not_the_first_of_the_next_request(
    wire: Wire, open_engine: Open, first: ScriptedServer, spare: ScriptedServer
) -> None:
    """What its `retry-after` says holds for all requests, and the outcome says whom it put off."""
    first.answer_with(wire.error(429, {"retry-after": "60"}))
    spare.answer_with(wire.whole(TEXT))
    engine = open_engine(wire)

    outcomes = [engine.complete(CHAT) for _ in range(2)]

    assert [[call.model for call in outcome.calls] for outcome in outcomes] == [["first", "spare"], ["spare"]]
    assert [outcome.put_off for outcome in outcomes] == [(), ("first",)]
    assert len(first.requests) == 1
