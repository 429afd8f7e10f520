"""The body of an answer, piece by piece, within a deadline and a bound; sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping

import httpx

from policy_engine.model.call import Failure
from policy_engine.transport.asynchronous import httpx_errors, pieces_of
from policy_engine.transport.deadline import Deadline
from policy_engine.transport.failures import AnswerTooLarge, failure_of

_FOREIGN = (httpx.HTTPError, AnswerTooLarge, TimeoutError)


class _Reading:
    """What sync and async bodies share: the head, how much has come, and what an exception means."""

    def __init__(self, response: httpx.Response, *, host: str, deadline: Deadline, most_bytes: int) -> None:
        self._response = response
        self._host = host
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._taken_bytes = 0
        self.headers = headers_of(response)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    def _counted(self, piece: bytes) -> bytes:
        self._taken_bytes += len(piece)
        if self._taken_bytes > self._most_bytes:
            raise AnswerTooLarge(self._most_bytes)
        return piece

    def _failure(self, error: Exception) -> Failure:
        return failure_of(error, host=self._host, elapsed_s=self._deadline.elapsed_s())


class BodyStream(_Reading):
    """A ByteStream over a response of httpx."""

    def __init__(self, response: httpx.Response, *, host: str, deadline: Deadline, most_bytes: int) -> None:
        super().__init__(response, host=host, deadline=deadline, most_bytes=most_bytes)
        self._pieces = _pieces_of(response)

    def read(self) -> bytes | Failure:
        """The next piece; empty at the end; a Failure if it broke off. Blocks."""
        try:
            self._deadline.within(None)
            return self._counted(next(self._pieces, b""))
        except _FOREIGN as error:
            return self._failure(error)

    def read_all(self) -> bytes | Failure:
        """All that is left."""
        pieces: list[bytes] = []
        while piece := self.read():
            if isinstance(piece, Failure):
                return piece
            pieces.append(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Gives the connection back, or ends it if more was to come."""
        self._response.stream.close()  # type: ignore[union-attr]  # a sync transport gives a sync stream


class AsyncBodyStream(_Reading):
    """An AsyncByteStream over a response of httpx."""

    def __init__(self, response: httpx.Response, *, host: str, deadline: Deadline, most_bytes: int) -> None:
        super().__init__(response, host=host, deadline=deadline, most_bytes=most_bytes)
        self._pieces: AsyncGenerator[bytes, None] = pieces_of(response)

    async def read(self) -> bytes | Failure:
        """The next piece; empty at the end; a Failure if it broke off."""
        try:
            async with asyncio.timeout(self._deadline.within(None)):
                return self._counted(await anext(self._pieces, b""))
        except _FOREIGN as error:
            return self._failure(error)

    async def read_all(self) -> bytes | Failure:
        """All that is left."""
        try:
            async with asyncio.timeout(self._deadline.within(None)):
                return b"".join([self._counted(piece) async for piece in self._pieces])
        except _FOREIGN as error:
            return self._failure(error)

    async def close(self) -> None:
        """Gives the connection back, or ends it if more was to come."""
        await self._pieces.aclose()
        with httpx_errors():
            await self._response.stream.aclose()  # type: ignore[union-attr]  # as above, for async


def headers_of(response: httpx.Response) -> Mapping[str, str]:
    """The headers of a response by lower-case name."""
    return {name.lower(): value for name, value in response.headers.items()}


def _pieces_of(response: httpx.Response) -> Iterator[bytes]:
    source = response.iter_bytes() if "content-encoding" in response.headers else response.stream
    yield from source  # type: ignore[misc]  # a sync transport gives a sync stream
