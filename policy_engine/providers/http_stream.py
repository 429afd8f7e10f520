"""Streamed answers over HTTP, as callers iterate them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeAlias

from policy_engine.model.call import Chunk, Failure, Reply
from policy_engine.providers.exchange import Begun

Discreet: TypeAlias = Callable[[Reply | Failure], Reply | Failure]


class HttpReplyStream:
    """A ReplyStream over a stream that has begun; `discreet` takes secrets out of a Failure."""

    def __init__(self, begun: Begun, discreet: Discreet) -> None:
        self._begun = begun
        self._discreet = discreet

    @property
    def end(self) -> Reply | Failure:
        """The whole answer, or how it broke off; before the end is reached, a Failure that says so."""
        return self._discreet(self._begun.reading.end)

    def __iter__(self) -> Iterator[Chunk]:
        """The pieces of the answer, as they come."""
        yield from self._begun.chunks
        reading, stream = self._begun.reading, self._begun.stream
        while not reading.is_over:
            yield from reading.feed(stream.read())
        stream.close()

    def close(self) -> None:
        """Lets go of the connection."""
        self._begun.stream.close()


class AsyncHttpReplyStream:
    """The same, awaited."""

    def __init__(self, begun: Begun, discreet: Discreet) -> None:
        self._begun = begun
        self._discreet = discreet

    @property
    def end(self) -> Reply | Failure:
        """The whole answer, or how it broke off; before the end is reached, a Failure that says so."""
        return self._discreet(self._begun.reading.end)

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        """The pieces of the answer, as they come."""
        for chunk in self._begun.chunks:
            yield chunk
        reading, stream = self._begun.reading, self._begun.stream
        while not reading.is_over:
            for chunk in reading.feed(await stream.read()):
                yield chunk
        await stream.close()

    async def close(self) -> None:
        """Lets go of the connection."""
        await self._begun.stream.close()
