"""Every form of a route, carried out over real sockets, its models behind both APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from policy_engine import Engine, Request
from policy_engine.model.outcome import Status
from tests.e2e.wires import ANTHROPIC, OPENAI, STREAM_WAYS, WHOLE_WAYS, Ask
from tests.servers.scripted import Answer, ScriptedServer

# mini and local speak OpenAI's format, haiku and opus Anthropic's; every server answers with the name of the model.
POLICY = """\
version: 1
tasks: [chat]
attributes: {tenant: {type: string}}
providers:
  near: {kind: openai, base_url: "%(near)s", retries: 0}
  far: {kind: anthropic, base_url: "%(far)s", api_key: "${PE_TEST_KEY}", retries: 0, tags: [far]}
models:
  mini: {provider: near, model: m-1, price: {input: 2, output: 4}, quality: 0.6, latency: 900ms, context: 100k}
  local: {provider: near, model: l-1, price: {input: 1, output: 1}, quality: 0.3, latency: 2s, context: 100}
  haiku: {provider: far, model: h-1, price: {input: 1, output: 3}, quality: 0.7, latency: 400ms, context: 100k}
  opus: {provider: far, model: o-1, price: {input: 9, output: 9}, quality: 0.9, latency: 4s, accepts: [text]}
tiers: [{name: fast, models: [mini, haiku]}, {name: strong, models: [opus]}]
default: {route: ROUTE}
"""
FORMS = [
    ("mini", ["m-1"]),
    ("opus", ["o-1"]),
    ("fast", ["m-1"]),
    ("[strong, fast]", ["o-1"]),
    ("[local, mini]", ["l-1"]),
    ("[requested, fast]", ["o-1"]),
    ("{cheapest: [mini, haiku, opus]}", ["h-1"]),
    ("{cheapest: [fast, strong], where: {quality: {gte: 0.8}}}", ["o-1"]),
    ("{fastest: [mini, opus, haiku]}", ["h-1"]),
    ("{best: [fast, strong]}", ["o-1"]),
    ("{best: [fast, strong], where: {tags: [far], input_price: {lt: 5}}}", ["h-1"]),
    ("{split: {mini: 0.0001, opus: 1000000}}", ["o-1"]),
    ("{split: {mini: 1000000, opus: 0.0001}, by: attributes.tenant}", ["m-1"]),
]
REQUEST = Request(id="r1", task="chat", input="Hello", attributes={"tenant": "a"}, wants={"model": "strong"})
Open = Callable[[str], Engine]


@pytest.fixture
def near() -> Iterator[ScriptedServer]:
    """The server of OpenAI's format."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def far() -> Iterator[ScriptedServer]:
    """The server of Anthropic's."""
    with ScriptedServer(Answer()) as server:
        yield server


@pytest.fixture
def open_engine(
    near: ScriptedServer, far: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    """Opens an engine whose default is a route of this form."""
    monkeypatch.setenv("PE_TEST_KEY", "sk-secret")
    opened: list[Engine] = []

    def open_one(route: str) -> Engine:
        urls = {"near": OPENAI.base_url(near.url), "far": ANTHROPIC.base_url(far.url)}
        (tmp_path / "policy.yaml").write_text((POLICY % urls).replace("ROUTE", route), encoding="utf-8")
        opened.append(Engine.open(tmp_path, watch=False))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.close()


def asked(near: ScriptedServer, far: ScriptedServer) -> list[str]:
    """The providers' names of the models that were called."""
    return [request.json["model"] for server in (near, far) for request in server.requests]


@pytest.mark.parametrize("ask", [*WHOLE_WAYS, *STREAM_WAYS])
@pytest.mark.parametrize(("route", "called"), FORMS, ids=[route for route, _ in FORMS])
def test_each_form_calls_the_model_that_it_means(
    route: str, called: list[str], ask: Ask, open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """One model is called, under the name its provider has for it, in the format it speaks, and nobody after it."""
    for wire, server in ((OPENAI, near), (ANTHROPIC, far)):
        server.answer_with(wire.whole("Hi there") if ask in WHOLE_WAYS else wire.streamed("Hi there"))

    text, outcome = ask(open_engine(route), REQUEST)

    assert (text, outcome.status, asked(near, far)) == ("Hi there", Status.ACCEPTED, called)


@pytest.mark.parametrize(
    ("route", "called"),
    [
        ("fast", [["m-1"], ["h-1"]]),
        ("[strong, fast]", [["m-1"], ["o-1", "h-1"]]),
        ("[mini, opus]", [["m-1"], ["o-1"]]),
        ("[requested, local, haiku]", [["l-1"], ["o-1", "h-1"]]),
        ("{cheapest: [mini, haiku, opus]}", [["m-1"], ["h-1", "o-1"]]),
        ("{best: [mini, opus]}", [["m-1"], ["o-1"]]),
        ("{split: {mini: 1, opus: 1}}", [["m-1"], ["o-1"]]),
    ],
)
def test_each_form_goes_on_to_its_next_model_and_to_no_other(
    route: str, called: list[list[str]], open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """Where every model of a route is down the request fails; a tier that was not named is never asked."""
    near.answer_with(OPENAI.error(500))
    far.answer_with(ANTHROPIC.error(500))

    outcome = open_engine(route).complete(REQUEST)

    assert outcome.status is Status.FAILED
    assert [[request.json["model"] for request in server.requests] for server in (near, far)] == called


@pytest.mark.parametrize(
    ("request_", "called"),
    [
        (Request(input="x" * 404), ["h-1"]),
        (Request(input="x", tools=[{"type": "function", "function": {"name": "f"}}]), ["l-1"]),
        (Request(input="x" * 400_004, tools=[{"type": "function", "function": {"name": "f"}}]), []),
    ],
    ids=["too long for the first", "with tools", "for nobody"],
)
def test_what_a_model_cannot_hold_or_take_it_is_not_sent(
    request_: Request, called: list[str], open_engine: Open, near: ScriptedServer, far: ScriptedServer
) -> None:
    """It is passed over without a call, and where none is left nothing is called at all."""
    near.answer_with(OPENAI.whole("Hi"))
    far.answer_with(ANTHROPIC.whole("Hi"))

    outcome = open_engine("[opus, local, haiku]" if request_.tools else "[local, haiku]").complete(request_)

    assert asked(near, far) == called
    assert outcome.status is (Status.ACCEPTED if called else Status.FAILED)
    assert outcome.decision.skipped != ()
