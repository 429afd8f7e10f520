"""LiteLLM's proxy is an upstream like any other: what it answers, streams, refuses and passes on arrives whole."""

import asyncio
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine import Engine, Request
from policy_engine.model.call import Failure, FailureKind
from policy_engine.model.outcome import Outcome, Status
from tests.interop.litellm_proxy import Proxy, running
from tests.servers.openai_wire import DONE, chunk, completion_answer, error_answer, usage_chunk
from tests.servers.scripted import ScriptedServer, sse_answer

TOP = Path(__file__).parent.parent.parent
TEXT = "Mocked by the proxy."

# The mocks are the proxy's own; `passed_on` is a model that it forwards to a server of ours.
CONFIG = """\
model_list:
  - model_name: spoken
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: "%(text)s"}
  - model_name: calling
    litellm_params:
      model: openai/gpt-4o-mini
      api_key: none
      mock_tool_calls: [{id: call_1, type: function, function: {name: get_order, arguments: '{"order": 1}'}}]
  - model_name: limited
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.RateLimitError}
  - model_name: broken
    litellm_params: {model: openai/gpt-4o-mini, api_key: none, mock_response: litellm.InternalServerError}
  - model_name: passed_on
    litellm_params: {model: openai/gpt-4o-mini, api_key: sk-upstream, api_base: "%(upstream)s/v1"}
litellm_settings: {num_retries: 0}
router_settings: {num_retries: 0, disable_cooldowns: true}
"""

# One input token costs $0.001, one output token $0.002.
POLICY = """\
version: 1
tasks: [spoken, calling, limited, broken, passed_on, unknown_model, fallback]
providers:
  proxy: {kind: openai, base_url: "%(url)s/v1", api_key: "${PE_TEST_PROXY_KEY}", retries: 0, timeout: 60s}
models:
  spoken: {provider: proxy, model: spoken, price: {input: 1000, output: 2000}}
  calling: {provider: proxy, model: calling, price: {input: 1000, output: 2000}}
  limited: {provider: proxy, model: limited, price: {input: 1000, output: 2000}}
  broken: {provider: proxy, model: broken, price: {input: 1000, output: 2000}}
  passed_on: {provider: proxy, model: passed_on, price: {input: 1000, output: 2000}}
  unknown_model: {provider: proxy, model: nobody-knows-it, price: {input: 1000, output: 2000}}
rules:
  - {name: calling, when: {task: calling}, then: {route: calling}}
  - {name: limited, when: {task: limited}, then: {route: limited}}
  - {name: broken, when: {task: broken}, then: {route: broken}}
  - {name: passed-on, when: {task: passed_on}, then: {route: passed_on}}
  - {name: unknown-model, when: {task: unknown_model}, then: {route: unknown_model}}
  - {name: fallback, when: {task: fallback}, then: {route: [limited, broken, spoken]}}
default: {route: spoken}
"""
TOOLS = (
    {
        "type": "function",
        "function": {
            "name": "get_order",
            "description": "Looks an order up.",
            "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}, "required": ["order"]},
        },
    },
)

Way = Callable[[Engine, Request], tuple[Outcome, list[str]]]

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("litellm-proxy")]


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedServer]:
    """The server that the proxy passes requests on to."""
    with ScriptedServer(completion_answer()) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(upstream: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """LiteLLM's proxy: `LITELLM`, or what `make interop` installs. CI must have one."""
    installed = TOP / ".interop" / "litellm" / "bin" / "litellm"
    program = shutil.which(os.environ.get("LITELLM_PROXY", str(installed)))
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("no LiteLLM: run `make interop`, or set LITELLM_PROXY to its program")
    assert program is not None, "CI runs this with LiteLLM's proxy: `make interop` installs it"
    config = tmp_path_factory.mktemp("litellm") / "config.yaml"
    config.write_text(CONFIG % {"text": TEXT, "upstream": upstream.url}, encoding="utf-8")
    with running(program, config, f"sk-{secrets.token_hex(24)}") as started:
        yield started


@pytest.fixture
def engine(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine whose models are all behind the proxy."""
    monkeypatch.setenv("PE_TEST_PROXY_KEY", proxy.key)
    (tmp_path / "policy.yaml").write_text(POLICY % {"url": proxy.url}, encoding="utf-8")
    with Engine.open(tmp_path, watch=False) as opened:
        yield opened


def completed(engine: Engine, request: Request) -> tuple[Outcome, list[str]]:
    """By `complete`."""
    outcome = engine.complete(request)
    return outcome, [outcome.text]


def completed_async(engine: Engine, request: Request) -> tuple[Outcome, list[str]]:
    """By `complete_async`."""

    async def ask() -> Outcome:
        async with engine:
            return await engine.complete_async(request)

    outcome = asyncio.run(ask())
    return outcome, [outcome.text]


def streamed(engine: Engine, request: Request) -> tuple[Outcome, list[str]]:
    """By `stream`."""
    with engine.stream(request) as answer:
        pieces = [piece.text for piece in answer if piece.text]
    assert answer.outcome is not None
    return answer.outcome, pieces


def streamed_async(engine: Engine, request: Request) -> tuple[Outcome, list[str]]:
    """By `stream_async`."""

    async def ask() -> tuple[Outcome | None, list[str]]:
        async with engine, engine.stream_async(request) as answer:
            pieces = [piece.text async for piece in answer if piece.text]
        return answer.outcome, pieces

    outcome, pieces = asyncio.run(ask())
    assert outcome is not None
    return outcome, pieces


in_every_way = pytest.mark.parametrize("ask", [completed, completed_async, streamed, streamed_async])
in_pieces = pytest.mark.parametrize("ask", [streamed, streamed_async])
at_once = pytest.mark.parametrize("ask", [completed, completed_async])


@at_once
def test_a_text_arrives_and_is_paid(engine: Engine, ask: Way) -> None:
    """The answer is the mock's, and it is paid by the usage that the proxy tells, 10 tokens in and 20 out."""
    outcome, _ = ask(engine, Request(task="spoken", input="Hello?"))

    assert (outcome.status, outcome.text, outcome.error) == (Status.ACCEPTED, TEXT, None)
    assert outcome.cost_usd == Decimal("0.05")


@in_pieces
def test_a_text_streams_and_is_paid(engine: Engine, ask: Way) -> None:
    """The pieces come as the proxy cuts them, join to the answer, and are paid by the usage of the last event."""
    outcome, pieces = ask(engine, Request(task="spoken", input="Hello?"))
    usage = outcome.calls[0].usage

    assert len(pieces) > 1
    assert ("".join(pieces), outcome.text, outcome.status) == (TEXT, TEXT, Status.ACCEPTED)
    assert usage is not None
    assert outcome.cost_usd == Decimal(usage.input_tokens) / 1000 + Decimal(usage.output_tokens) / 500 > 0


@at_once
def test_a_call_of_a_tool_arrives(engine: Engine, ask: Way) -> None:
    """The tool that the mock calls is in the message, arguments as written."""
    outcome, _ = ask(engine, Request(task="calling", input="Where is order 1?", tools=TOOLS))

    assert outcome.status is Status.ACCEPTED
    assert outcome.message is not None
    (call,) = outcome.message["tool_calls"]
    assert (call["id"], call["function"]) == ("call_1", {"name": "get_order", "arguments": '{"order": 1}'})


@at_once
def test_tools_reach_the_model_behind_the_proxy(engine: Engine, upstream: ScriptedServer, ask: Way) -> None:
    """Tools, the conversation and parameters come out of the proxy as they went in, and a tool's call comes back."""
    called = {"id": "call_2", "type": "function", "function": {"name": "get_order", "arguments": '{"order": 2}'}}
    upstream.answer_with(completion_answer(None, finish_reason="tool_calls", tool_calls=[called]))
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is order 2?"}]

    outcome, _ = ask(engine, Request(task="passed_on", messages=messages, tools=TOOLS, params={"seed": 7}))

    sent = upstream.requests[-1].json
    assert (sent["messages"], sent["tools"], sent["seed"]) == (messages, list(TOOLS), 7)
    assert outcome.message is not None
    (call,) = outcome.message["tool_calls"]
    assert (call["id"], call["function"]) == ("call_2", called["function"])


@in_pieces
def test_a_call_of_a_tool_streams_through_the_proxy(engine: Engine, upstream: ScriptedServer, ask: Way) -> None:
    """A tool's call that comes in pieces is whole in the end."""
    begun = {"index": 0, "id": "call_3", "type": "function", "function": {"name": "get_order", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": part}} for part in ('{"ord', 'er": 3}')]
    upstream.answer_with(
        sse_answer(
            chunk({"role": "assistant", "content": None, "tool_calls": [begun]}),
            *(chunk({"tool_calls": [piece]}) for piece in pieces),
            chunk({}, finish_reason="tool_calls"),
            usage_chunk(),
            DONE,
        )
    )

    outcome, _ = ask(engine, Request(task="passed_on", input="Where is order 3?", tools=TOOLS))

    assert upstream.requests[-1].json["stream"] is True
    assert outcome.status is Status.ACCEPTED
    assert outcome.message is not None
    (call,) = outcome.message["tool_calls"]
    assert (call["id"], call["function"]) == ("call_3", {"name": "get_order", "arguments": '{"order": 3}'})


@in_every_way
@pytest.mark.parametrize(
    ("task", "kind", "status", "said"),
    [
        ("limited", FailureKind.RATE_LIMIT, 429, "this is a mock rate limit error"),
        ("broken", FailureKind.SERVER, 500, "this is a mock internal server error"),
        ("unknown_model", FailureKind.REQUEST, 400, "Invalid model name passed in model=nobody-knows-it"),
    ],
)
def test_an_error_is_told_by_its_kind(
    engine: Engine, ask: Way, task: str, kind: FailureKind, status: int, said: str
) -> None:
    """What the proxy refuses fails with its status and its words."""
    outcome, _ = ask(engine, Request(task=task, input="Hello?"))

    assert outcome.status is Status.FAILED
    failures = [call.failure for call in outcome.calls]
    assert [told(failure) for failure in failures] == [(kind, status)]
    assert said in (outcome.error or "")


@in_every_way
def test_an_error_from_behind_the_proxy_keeps_its_kind(engine: Engine, upstream: ScriptedServer, ask: Way) -> None:
    """A key that the model's own server refuses is told as that, not as the proxy's trouble, and is not passed on."""
    upstream.answer_with(error_answer(401, "Incorrect API key provided."))

    outcome, _ = ask(engine, Request(task="passed_on", input="Hello?"))

    assert outcome.status is Status.FAILED
    assert [told(call.failure) for call in outcome.calls] == [(FailureKind.AUTHENTICATION, 401)]
    assert "Incorrect API key provided." in (outcome.error or "")


@in_every_way
def test_errors_are_passed_on_to_the_next_model(engine: Engine, ask: Way) -> None:
    """A chain goes on after a rate limit and a server's error, and ends with the model that answers."""
    outcome, _ = ask(engine, Request(task="fallback", input="Hello?"))

    assert (outcome.status, outcome.text) == (Status.ACCEPTED, TEXT)
    assert [(call.model, told(call.failure)) for call in outcome.calls] == [
        ("limited", (FailureKind.RATE_LIMIT, 429)),
        ("broken", (FailureKind.SERVER, 500)),
        ("spoken", None),
    ]


def told(failure: Failure | None) -> tuple[FailureKind, int | None] | None:
    """What a failure says of itself to programs."""
    return None if failure is None else (failure.kind, failure.status)
