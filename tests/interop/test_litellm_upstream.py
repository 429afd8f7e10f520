"""A LiteLLM proxy serves as an OpenAI-compatible upstream: text, streams, tools and errors come through."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine import Engine, Request
from policy_engine.model.outcome import Outcome, Status
from tests.interop.litellm_proxy import KEY, proxy

TOP = Path(__file__).parent.parent.parent
TEXT = "Nine to five. Närrisch ☕"
POLICY = """
version: 1
tasks: [text, tools, limited, broken, fallback]
providers: {upstream: {kind: openai, base_url: "%s", api_key: "${LITELLM_KEY}", retries: 0}}
models:
  text: {provider: upstream, model: gpt-4o-mini, price: {input: 0.15, output: 0.60}, context: 128k}
  tools: {provider: upstream, model: with-tools, price: {input: 0.15, output: 0.60}, context: 128k}
  limited: {provider: upstream, model: limited, price: {input: 0.15, output: 0.60}, context: 128k}
  broken: {provider: upstream, model: broken, price: {input: 0.15, output: 0.60}, context: 128k}
tiers: [{name: fast, models: [text]}]
rules:
  - {name: tools, when: {task: tools}, then: {route: tools}}
  - {name: limited, when: {task: limited}, then: {route: limited}}
  - {name: broken, when: {task: broken}, then: {route: broken}}
  - {name: fallback, when: {task: fallback}, then: {route: [limited, broken, text]}}
default: {route: text}
"""
TOOL = {"type": "function", "function": {"name": "find_order", "parameters": {"type": "object", "properties": {}}}}

pytestmark = [pytest.mark.interop, pytest.mark.xdist_group("litellm")]


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Policies whose models are behind `LITELLM_PROXY`, or what `make interop` installs. CI must have one."""
    installed = TOP / ".interop" / "litellm" / "bin" / "litellm"
    program = shutil.which(os.environ.get("LITELLM_PROXY", str(installed)))
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("no LiteLLM proxy: run `make interop`, or set LITELLM_PROXY")
    assert program is not None, "CI runs this with a LiteLLM proxy: `make interop` installs it"
    folder = tmp_path_factory.mktemp("litellm")
    (folder / "policies").mkdir()
    with proxy(program, folder) as url, pytest.MonkeyPatch.context() as environment:
        environment.setenv("LITELLM_KEY", KEY)
        (folder / "policies" / "policy.yaml").write_text(POLICY % url, encoding="utf-8")
        yield folder / "policies"


@pytest.fixture
def engine(policies: Path) -> Iterator[Engine]:
    """An engine of those policies."""
    with Engine.open(policies, watch=False) as opened:
        yield opened


def test_text_comes_through_with_its_usage_and_price(engine: Engine) -> None:
    """A whole answer has its text, its tokens, and what they cost."""
    outcome = engine.complete(Request(task="text", input="When are you open?"))

    (call,) = outcome.calls
    assert (outcome.status, outcome.text) == (Status.ACCEPTED, TEXT)
    assert call.usage is not None
    expected = (call.usage.input_tokens * Decimal("0.15") + call.usage.output_tokens * Decimal("0.60")) / 1_000_000
    assert outcome.cost_usd == expected


def test_a_stream_comes_through_in_pieces(engine: Engine) -> None:
    """The pieces of a stream make up the text, and its usage is asked for and priced."""
    with engine.stream(Request(task="text", input="When are you open?")) as answer:
        pieces = [chunk.text for chunk in answer if chunk.text]

    assert "".join(pieces) == TEXT
    assert len(pieces) > 1
    assert answer.outcome is not None
    assert answer.outcome.status is Status.ACCEPTED
    assert answer.outcome.text == TEXT


def test_tool_calls_come_through_unchanged(engine: Engine) -> None:
    """What the model wants called reaches the caller as the upstream wrote it."""
    outcome = engine.complete(Request(task="tools", input="Where is order 123456?", tools=[TOOL]))

    assert outcome.status is Status.ACCEPTED
    assert outcome.message is not None
    (wanted,) = outcome.message["tool_calls"]
    assert wanted["id"] == "call_1"
    assert wanted["function"] == {"name": "find_order", "arguments": '{"id": 123456}'}


@pytest.mark.parametrize(("task", "kind"), [("limited", "rate_limit"), ("broken", "server")])
def test_errors_are_told_apart(engine: Engine, task: str, kind: str) -> None:
    """A refused and a broken upstream end in a failed outcome that says which it was."""
    outcome = engine.complete(Request(task=task, input="When are you open?"))

    (call,) = outcome.calls
    assert outcome.status is Status.FAILED
    assert call.failure is not None
    assert str(call.failure.kind) == kind


def test_errors_are_passed_on_along_a_route(engine: Engine) -> None:
    """The next model of a route answers where those before it fail."""
    outcome = engine.complete(Request(task="fallback", input="When are you open?"))

    assert [call.model for call in outcome.calls] == ["limited", "broken", "text"]
    assert (outcome.status, outcome.text) == (Status.ACCEPTED, TEXT)


def test_awaited_calls_and_streams_are_the_same(policies: Path) -> None:
    """Under asyncio the same requests come to the same."""

    async def run() -> tuple[Outcome, list[str], Outcome | None]:
        async with Engine.open(policies, watch=False) as engine:
            outcome = await engine.complete_async(Request(task="text", input="When are you open?"))
            async with engine.stream_async(Request(task="text", input="When are you open?")) as answer:
                pieces = [chunk.text async for chunk in answer if chunk.text]
        return outcome, pieces, answer.outcome

    outcome, pieces, streamed = asyncio.run(run())

    assert (outcome.status, outcome.text) == (Status.ACCEPTED, TEXT)
    assert "".join(pieces) == TEXT
    assert streamed is not None
    assert streamed.status is Status.ACCEPTED
