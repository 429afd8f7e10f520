"""The two ways to ask a provider, sync and async, as one shape, and a world of which a test sees every wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx_aiohttp  # noqa: F401  so that loading it takes no call's time

from policy_engine.model.call import Chunk, Failure, Prompt, Reply
from policy_engine.providers.anthropic import anthropic_dialect
from policy_engine.providers.api import ApiProvider, World
from policy_engine.providers.openai import openai_dialect
from policy_engine.providers.retry import Backoff
from policy_engine.providers.settings import Settings
from policy_engine.transport.http import HttpTransport

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ENVIRONMENT = {"OPENAI_API_KEY": "sk-secret", "ANTHROPIC_API_KEY": "sk-ant-secret"}


def user(text: str, **more: Any) -> Prompt:
    """A prompt of one user message."""
    return Prompt(messages=({"role": "user", "content": text},), **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What came of asking: the chunks of a stream (none of a call), the end, and the waits before retries."""

    end: Reply | Failure
    chunks: Sequence[Chunk] = field(default_factory=list)
    waits_s: Sequence[float] = field(default_factory=list)

    @property
    def reply(self) -> Reply:
        """The end, which is a Reply."""
        assert isinstance(self.end, Reply), self.end
        return self.end

    @property
    def failure(self) -> Failure:
        """The end, which is a Failure."""
        assert isinstance(self.end, Failure), self.end
        return self.end

    @property
    def texts(self) -> list[str]:
        """The texts of the chunks that have one."""
        return [chunk.text for chunk in self.chunks if chunk.text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A provider to be made: its kind, where it is, and its settings."""

    kind: str
    url: str
    model: str = "m"
    retries: int = 2
    timeout_s: float = 8.0
    headers: Mapping[str, str] = field(default_factory=dict)
    api_key: str | None = "${OPENAI_API_KEY}"
    environment: Mapping[str, str] = field(default_factory=lambda: ENVIRONMENT)

    def provider(self, transport: HttpTransport, waits_s: list[float]) -> ApiProvider:
        """The provider; it notes its waits and does not wait. Jitter takes the middle."""

        async def sleep_async(delay_s: float) -> None:
            waits_s.append(delay_s)

        world = World(
            transport=transport,
            environment=self.environment,
            now=lambda: NOW,
            sleep=waits_s.append,
            sleep_async=sleep_async,
            backoff=Backoff(uniform=lambda low, high: (low + high) / 2),
        )
        settings = Settings(
            name=self.kind,
            base_url=self.url,
            api_key=self.api_key,
            headers=self.headers,
            retries=self.retries,
            timeout_s=self.timeout_s,
        )
        return ApiProvider(openai_dialect(self.url) if self.kind == "openai" else anthropic_dialect(), settings, world)


Way = Callable[[Setup, Prompt], Asked]


def call_sync(setup: Setup, prompt: Prompt, timeout_s: float | None = 8.0) -> Asked:
    """A whole answer, blocking."""
    transport, waits_s = HttpTransport(), list[float]()
    try:
        return Asked(
            end=setup.provider(transport, waits_s).call(prompt, setup.model, timeout_s=timeout_s), waits_s=waits_s
        )
    finally:
        transport.close()


def call_async(setup: Setup, prompt: Prompt, timeout_s: float | None = 8.0) -> Asked:
    """A whole answer, awaited."""

    async def ask() -> Asked:
        transport, waits_s = HttpTransport(), list[float]()
        end = await setup.provider(transport, waits_s).call_async(prompt, setup.model, timeout_s=timeout_s)
        await transport.close_async()
        return Asked(end=end, waits_s=waits_s)

    return asyncio.run(ask())


def stream_sync(setup: Setup, prompt: Prompt, timeout_s: float | None = 8.0) -> Asked:
    """A stream to its end, blocking."""
    transport, waits_s = HttpTransport(), list[float]()
    try:
        stream = setup.provider(transport, waits_s).open(prompt, setup.model, timeout_s=timeout_s)
        if isinstance(stream, Failure):
            return Asked(end=stream, waits_s=waits_s)
        chunks = list(stream)
        stream.close()
        return Asked(end=stream.end, chunks=chunks, waits_s=waits_s)
    finally:
        transport.close()


def stream_async(setup: Setup, prompt: Prompt, timeout_s: float | None = 8.0) -> Asked:
    """A stream to its end, awaited."""

    async def ask() -> Asked:
        transport, waits_s = HttpTransport(), list[float]()
        stream = await setup.provider(transport, waits_s).open_async(prompt, setup.model, timeout_s=timeout_s)
        chunks = [] if isinstance(stream, Failure) else [chunk async for chunk in stream]
        if not isinstance(stream, Failure):
            await stream.close()
        await transport.close_async()
        return Asked(end=stream if isinstance(stream, Failure) else stream.end, chunks=chunks, waits_s=waits_s)

    return asyncio.run(ask())


WHOLE = (call_sync, call_async)
STREAMED = (stream_sync, stream_async)
EVERY = (*WHOLE, *STREAMED)
