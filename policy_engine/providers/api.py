"""A Provider over HTTP, whatever dialect it speaks: the only place that sends, waits and looks at the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from policy_engine.model.call import Failure, Prompt, Reply
from policy_engine.providers.dialect import Dialect
from policy_engine.providers.exchange import (
    Begun,
    CloseStream,
    Demand,
    OpenStream,
    ReadPiece,
    Send,
    Terms,
    Wait,
    encoded,
    stream_call,
    whole_call,
)
from policy_engine.providers.http_stream import AsyncHttpReplyStream, HttpReplyStream
from policy_engine.providers.keys import expand, missing_key, secrets_in
from policy_engine.providers.retry import Backoff
from policy_engine.providers.settings import Settings
from policy_engine.transport.message import Outgoing
from policy_engine.transport.protocol import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    What a provider uses of the world.

    Attributes:
        environment: where `${NAME}` is looked up, at each call.
        clock: seconds, only forward.
        now: the time of day.
        sleep: waits, in the calling thread.
        backoff: when to try again; its `retries` are the settings'.
    """

    transport: Transport
    environment: Mapping[str, str]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Any] = asyncio.sleep
    backoff: Backoff = field(default_factory=Backoff)


class ApiProvider:
    """A Provider that sends what its dialect says to where its settings say."""

    def __init__(self, dialect: Dialect, settings: Settings, world: World) -> None:
        self._dialect = dialect
        self._settings = settings
        self._world = world
        self._backoff = replace(world.backoff, retries=settings.retries)

    def call(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> Reply | Failure:
        """A whole answer. Blocks."""
        outgoing = self._outgoing(self._dialect.whole_body, prompt, model)
        if isinstance(outgoing, Failure):
            return outgoing
        whole: Reply | Failure = self._drive(whole_call(self._dialect, outgoing, self._terms(timeout_s)))
        return self._discreet(whole)

    async def call_async(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> Reply | Failure:
        """A whole answer."""
        outgoing = self._outgoing(self._dialect.whole_body, prompt, model)
        if isinstance(outgoing, Failure):
            return outgoing
        steps = whole_call(self._dialect, outgoing, self._terms(timeout_s))
        whole: Reply | Failure = await self._drive_async(steps)
        return self._discreet(whole)

    def open(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> HttpReplyStream | Failure:
        """An answer of which the first piece has come. Blocks until then."""
        outgoing = self._outgoing(self._dialect.streamed_body, prompt, model)
        if isinstance(outgoing, Failure):
            return outgoing
        steps = stream_call(self._dialect, outgoing, self._streaming_terms(timeout_s))
        begun: Begun | Failure = self._drive(steps)
        return HttpReplyStream(begun, self._discreet) if isinstance(begun, Begun) else self._hidden(begun)

    async def open_async(
        self, prompt: Prompt, model: str, *, timeout_s: float | None
    ) -> AsyncHttpReplyStream | Failure:
        """An answer of which the first piece has come."""
        outgoing = self._outgoing(self._dialect.streamed_body, prompt, model)
        if isinstance(outgoing, Failure):
            return outgoing
        steps = stream_call(self._dialect, outgoing, self._streaming_terms(timeout_s))
        begun: Begun | Failure = await self._drive_async(steps)
        return AsyncHttpReplyStream(begun, self._discreet) if isinstance(begun, Begun) else self._hidden(begun)

    def _outgoing(
        self, body_of: Callable[[Prompt, str], Mapping[str, Any]], prompt: Prompt, model: str
    ) -> Outgoing | Failure:
        settings, environment = self._settings, self._world.environment
        missing = missing_key(settings.texts, environment, provider=settings.name)
        if missing is not None:
            return missing
        body = encoded(body_of(prompt, model))
        if isinstance(body, Failure):
            return body
        base_url = expand(settings.base_url or self._dialect.base_url, environment)
        headers = self._headers(environment)
        return Outgoing(method="POST", url=self._dialect.path(base_url), headers=headers, body=body)

    def _headers(self, environment: Mapping[str, str]) -> dict[str, str]:
        key = self._settings.api_key
        # Answers are short and events must not wait in a compressor, so none is asked for.
        headers = {"content-type": "application/json", "accept-encoding": "identity", "user-agent": "policy_engine"}
        headers |= self._dialect.headers
        headers |= {} if key is None else self._dialect.key_headers(expand(key, environment))
        return headers | {name.lower(): expand(value, environment) for name, value in self._settings.headers.items()}

    def _terms(self, timeout_s: float | None) -> Terms:
        """A whole call, bounded by the caller and by the settings."""
        most_s = self._settings.timeout_s
        return self._terms_until(most_s if timeout_s is None else min(timeout_s, most_s))

    def _streaming_terms(self, timeout_s: float | None) -> Terms:
        """A stream, bounded by the caller; the settings bound each of its pieces."""
        return self._terms_until(timeout_s)

    def _terms_until(self, most_s: float | None) -> Terms:
        began_s = self._world.clock()
        return Terms(
            backoff=self._backoff,
            began_s=began_s,
            until_s=None if most_s is None else began_s + most_s,
            piece_s=self._settings.timeout_s,
            clock=self._world.clock,
            now=self._world.now,
        )

    def _drive(self, steps: Generator[Demand, Any, Any]) -> Any:
        stream, came = None, None
        try:
            while True:
                demand = steps.send(came)
                came = self._meet(demand)
                stream = came if isinstance(demand, OpenStream) and not isinstance(came, Failure) else stream
        except StopIteration as stop:
            return stop.value
        except BaseException:
            if stream is not None:
                stream.close()
            raise

    def _meet(self, demand: Demand) -> Any:
        match demand:
            case Send(outgoing=outgoing, timeouts=timeouts):
                return self._world.transport.send(outgoing, timeouts)
            case OpenStream(outgoing=outgoing, timeouts=timeouts):
                return self._world.transport.stream(outgoing, timeouts)
            case ReadPiece(stream=stream):
                return stream.read()
            case CloseStream(stream=stream):
                return stream.close()
            case Wait(delay_s=delay_s):
                return self._world.sleep(delay_s)

    async def _drive_async(self, steps: Generator[Demand, Any, Any]) -> Any:
        stream, came = None, None
        try:
            while True:
                demand = steps.send(came)
                came = await self._meet_async(demand)
                stream = came if isinstance(demand, OpenStream) and not isinstance(came, Failure) else stream
        except StopIteration as stop:
            return stop.value
        except BaseException:
            if stream is not None:
                await stream.close()
            raise

    async def _meet_async(self, demand: Demand) -> Any:
        match demand:
            case Send(outgoing=outgoing, timeouts=timeouts):
                return await self._world.transport.send_async(outgoing, timeouts)
            case OpenStream(outgoing=outgoing, timeouts=timeouts):
                return await self._world.transport.stream_async(outgoing, timeouts)
            case ReadPiece(stream=stream):
                return await stream.read()
            case CloseStream(stream=stream):
                return await stream.close()
            case Wait(delay_s=delay_s):
                return await self._world.sleep_async(delay_s)

    def _discreet(self, result: Reply | Failure) -> Reply | Failure:
        return self._hidden(result) if isinstance(result, Failure) else result

    def _hidden(self, failure: Failure) -> Failure:
        """The same, with nothing in its words that was taken from the environment."""
        message = failure.message
        for secret in secrets_in(self._settings.texts, self._world.environment):
            message = message.replace(secret, "[hidden]")
        return replace(failure, message=message)
