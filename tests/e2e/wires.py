"""Both wire formats as one shape, and the four ways to ask an engine, for tests that hold for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx_aiohttp  # noqa: F401  so that loading it takes no call's time

from policy_engine import Engine, Request
from policy_engine.model.outcome import Outcome
from tests.servers import anthropic_wire, openai_wire
from tests.servers.scripted import Answer, Part, json_answer, sse_answer


@dataclass(frozen=True, slots=True)
class Wire:
    """
    A wire format.

    `begun` are the events of a stream up to its first words, `ended` those after its last; a whole answer has 12 input
    tokens, 4 of them cached, and 3 output tokens. `base_url` is the address of a provider on a server.
    """

    kind: str
    base_url: Callable[[str], str]
    begun: Callable[[str], tuple[bytes, ...]]
    ended: Callable[[str], tuple[bytes, ...]]
    payload: Callable[[str, str], dict[str, Any]]

    def whole(self, text: str, *, finish_reason: str = "stop") -> Answer:
        """A whole answer."""
        return json_answer(self.payload(text, finish_reason))

    def streamed(self, text: str) -> Answer:
        """The same as a stream of two pieces."""
        return sse_answer(*self.begun(text[:2]), *self.ended(text[2:]))

    def broken(self, text: str, end: Part) -> Answer:
        """A stream that ends in this way after its first words."""
        return sse_answer(*self.begun(text), end)

    def error(self, status: int, headers: Mapping[str, str] | None = None) -> Answer:
        """An error of the API."""
        kind = {429: "rate_limit_error", 400: "invalid_request_error", 401: "authentication_error"}
        if self.kind == "openai":
            return openai_wire.error_answer(status, "no", headers=headers)
        return anthropic_wire.error_answer(status, kind.get(status, "api_error"), "no", headers=headers)


def _openai_begun(text: str) -> tuple[bytes, ...]:
    return openai_wire.stream_parts(text)[:2]


def _openai_ended(text: str) -> tuple[bytes, ...]:
    return openai_wire.stream_parts(text)[1:]


def _anthropic_begun(text: str) -> tuple[bytes, ...]:
    return anthropic_wire.start(), *anthropic_wire.text_parts(0, text)[:2]


def _anthropic_ended(text: str) -> tuple[bytes, ...]:
    return *anthropic_wire.text_parts(0, text)[1:], *anthropic_wire.finish()


def _anthropic_payload(text: str, finish_reason: str) -> dict[str, Any]:
    reason = {"stop": "end_turn", "length": "max_tokens"}[finish_reason]
    return anthropic_wire.message({"type": "text", "text": text}, stop_reason=reason)


OPENAI = Wire(
    "openai",
    lambda url: f"{url}/v1",
    _openai_begun,
    _openai_ended,
    lambda text, reason: openai_wire.completion(text, finish_reason=reason),
)
ANTHROPIC = Wire("anthropic", lambda url: url, _anthropic_begun, _anthropic_ended, _anthropic_payload)

Told = tuple[str, Outcome]
"""What the caller has read, and the outcome."""


def complete(engine: Engine, request: Request) -> Told:
    """Asks for a whole answer."""
    outcome = engine.complete(request)
    return outcome.text, outcome


def complete_async(engine: Engine, request: Request) -> Told:
    """Asks for a whole answer, awaited."""

    async def ask() -> Outcome:
        async with engine:
            return await engine.complete_async(request)

    outcome = asyncio.run(ask())
    return outcome.text, outcome


def stream(engine: Engine, request: Request) -> Told:
    """Asks for a stream and reads it to its end."""
    with engine.stream(request) as answer:
        text = "".join(chunk.text for chunk in answer)
    assert answer.outcome is not None
    return text, answer.outcome


def stream_async(engine: Engine, request: Request) -> Told:
    """Asks for a stream and reads it to its end, awaited."""

    async def read() -> tuple[str, Outcome | None]:
        async with engine, engine.stream_async(request) as answer:
            return "".join([chunk.text async for chunk in answer]), answer.outcome

    text, outcome = asyncio.run(read())
    assert outcome is not None
    return text, outcome


Ask = Callable[[Engine, Request], Told]
WHOLE_WAYS: tuple[Ask, ...] = (complete, complete_async)
STREAM_WAYS: tuple[Ask, ...] = (stream, stream_async)
