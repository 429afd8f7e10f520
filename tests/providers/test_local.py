"""Providers that need no network, and the registry that makes providers of declarations."""

from __future__ import annotations

import asyncio

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.call import Chunk, Failure, FailureKind, Prompt, Reply, Usage
from policy_engine.model.policy import Declarations
from policy_engine.model.policy import Provider as Declaration
from policy_engine.providers.api import ApiProvider, World
from policy_engine.providers.fake import FakeProvider
from policy_engine.providers.registry import Providers
from policy_engine.providers.replay import ReplayProvider
from policy_engine.providers.settings import Settings, read_settings
from policy_engine.transport.http import HttpTransport
from tests.providers.ways import user

RECORDED = (
    b'{"input": "Where?", "outcomes": {"cheap": {"text": "Here.", "confidence": 0.5, "input_tokens": 9,'
    b' "output_tokens": 2, "latency_ms": 400}, "dear": {"score": 1.0}}}\n'
    b"\n"
    b"no json\n"
    b'{"messages": [{"role": "user", "content": "When?"}], "outcomes": {"cheap": {"text": "Now."}}}\n'
    b'{"input": "Where?", "outcomes": {"cheap": {"text": "Elsewhere."}}}\n'
)


def test_a_fake_says_what_it_was_asked() -> None:
    """Without a reply of its own it repeats the newest user message, with estimated tokens and certain of each."""
    reply = FakeProvider().call(user("Hello you", logprobs=True), "m", timeout_s=None)

    assert reply == Reply(
        message={"role": "assistant", "content": "Hello you"},
        finish_reason="stop",
        usage=Usage(input_tokens=3, output_tokens=3),
        elapsed_s=0.0,
        logprobs=(0.0, 0.0, 0.0),
        served_by="m",
    )


def test_a_fake_streams_its_reply_by_words() -> None:
    """Each word is a chunk, sync and async, and the end is the reply."""
    stream = FakeProvider("One two.").open(user("Hi"), "m", timeout_s=None)
    assert not isinstance(stream, Failure)

    async def ask() -> list[Chunk]:
        awaited = await FakeProvider("One two.").open_async(user("Hi"), "m", timeout_s=None)
        assert not isinstance(awaited, Failure)
        return [chunk async for chunk in awaited]

    chunks = list(stream)

    assert [chunk.text for chunk in chunks] == ["One ", "two.", ""]
    assert chunks[-1].event["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    assert chunks == asyncio.run(ask())
    assert isinstance(stream.end, Reply)
    assert stream.end.text == "One two."


def test_a_replay_answers_what_was_recorded() -> None:
    """Text, tokens, confidence and latency are the recorded ones; of two equal requests the first counts."""
    reply = ReplayProvider(RECORDED, file="o.jsonl").call(user("Where?"), "cheap", timeout_s=None)

    assert isinstance(reply, Reply)
    assert (reply.text, reply.usage, reply.elapsed_s) == ("Here.", Usage(input_tokens=9, output_tokens=2), 0.4)
    assert reply.confidence == 0.5


def test_a_replay_does_not_guess() -> None:
    """What was not recorded is unknown, and without a text there is no answer."""
    replay = ReplayProvider(RECORDED, file="o.jsonl")

    bare = replay.call(user("When?"), "cheap", timeout_s=None)

    assert isinstance(bare, Reply)
    assert (bare.usage, bare.confidence) == (None, None)
    assert [replay.call(user(text), "dear", timeout_s=None) for text in ("Where?", "Who?")] == [
        Failure(
            kind=FailureKind.REQUEST, message="`o.jsonl` has no text of model `dear` for this request", elapsed_s=0.0
        ),
        Failure(kind=FailureKind.REQUEST, message="`o.jsonl` has no request with this message", elapsed_s=0.0),
    ]


def test_a_replay_without_its_file_says_so() -> None:
    """A file that is not in the bundle is named."""
    assert ReplayProvider(None, file="o.jsonl").call(Prompt(messages=()), "m", timeout_s=None) == Failure(
        kind=FailureKind.REQUEST, message="there is no file `o.jsonl`", elapsed_s=0.0
    )


def test_settings_are_read_with_their_defaults() -> None:
    """What the entry says is read, durations with their units; the rest has its default."""
    full = {
        "base_url": "http://x",
        "api_key": "${K}",
        "headers": {"x-a": "1"},
        "timeout": "30s",
        "retries": 0,
    }

    assert read_settings(_declared("p", "openai", **full)) == Settings(
        name="p", base_url="http://x", api_key="${K}", headers={"x-a": "1"}, timeout_s=30.0, retries=0
    )
    assert read_settings(_declared("p", "openai")) == Settings(name="p", timeout_s=60.0, retries=2)


def test_providers_are_made_when_first_asked_for() -> None:
    """Each kind makes its provider, the same each time; the world is asked for only where it is needed."""
    worlds: list[World] = []

    def world() -> World:
        worlds.append(World(transport=HttpTransport(), environment={}))
        return worlds[-1]

    declared = (
        _declared("mine", "openai", base_url="http://x"),
        _declared("hers", "anthropic"),
        _declared("none", "fake", reply="Hi."),
        _declared("past", "replay", file="o.jsonl"),
    )
    assets = {"o.jsonl": RECORDED}
    declarations = Declarations(fingerprint="", providers={each.name: each for each in declared}, assets=assets)
    providers = Providers(declarations, world)

    local = [providers.get(name).call(user("Where?"), "cheap", timeout_s=None) for name in ("none", "past")]

    assert [reply.text for reply in local if isinstance(reply, Reply)] == ["Hi.", "Here."]
    assert worlds == []
    assert [type(providers.get(name)) for name in ("mine", "hers")] == [ApiProvider, ApiProvider]
    assert providers.get("mine") is providers.get("mine")
    with pytest.raises(KeyError):
        providers.get("nobody")


def _declared(name: str, kind: str, **settings: object) -> Declaration:
    return Declaration(name=name, kind=kind, tags=(), settings=settings, address=Address("m.yaml", ("providers", name)))
