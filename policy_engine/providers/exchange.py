"""
A call with its retries as a generator: it yields what is to be sent, read or waited for, and is given what came.

So the same lines serve sync and async callers, and nothing here touches the network or a clock of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

from policy_engine.model.call import Chunk, Failure, FailureKind, Reply
from policy_engine.providers.dialect import Dialect
from policy_engine.providers.reading import AnswerReading
from policy_engine.providers.refusal import malformed, refusal
from policy_engine.providers.retry import Backoff
from policy_engine.transport.message import Incoming, Outgoing, Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Asks for the whole answer: an Incoming or a Failure."""

    outgoing: Outgoing
    timeouts: Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStream:
    """Asks for an answer's head: a stream with `status` and `headers`, or a Failure."""

    outgoing: Outgoing
    timeouts: Timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPiece:
    """Asks for the next piece of a stream: bytes, empty at the end, or a Failure."""

    stream: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseStream:
    """Asks to let go of a stream."""

    stream: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Asks to wait before a retry."""

    delay_s: float


Demand: TypeAlias = Send | OpenStream | ReadPiece | CloseStream | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A stream whose first chunks have come."""

    stream: Any
    reading: AnswerReading
    chunks: tuple[Chunk, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    What one call is held to.

    Attributes:
        began_s, until_s: by `clock`; None is for ever.
        piece_s: how long the next piece of an answer may take.
        clock: seconds, only forward.
        now: the time of day, for dates that servers tell.
    """

    backoff: Backoff
    began_s: float
    until_s: float | None
    piece_s: float
    clock: Callable[[], float]
    now: Callable[[], datetime]

    def elapsed_s(self) -> float:
        """Seconds since the call began."""
        return self.clock() - self.began_s

    def left_s(self) -> float | None:
        """Seconds that are left; None is for ever."""
        return None if self.until_s is None else max(0.0, self.until_s - self.clock())

    def timeouts(self) -> Timeouts:
        """The timeouts of a try that begins now."""
        return Timeouts(overall_s=self.left_s(), read_s=self.piece_s)


def whole_call(dialect: Dialect, outgoing: Outgoing, terms: Terms) -> Generator[Demand, Any, Reply | Failure]:
    """A whole answer, tried again as the terms allow."""
    retry = 0
    while True:
        incoming: Incoming | Failure = yield Send(outgoing=outgoing, timeouts=terms.timeouts())
        result = incoming if isinstance(incoming, Failure) else _read(dialect, incoming, terms)
        if isinstance(result, Reply):
            return result
        delay_s = terms.backoff.delay_s(result, retry=retry, left_s=terms.left_s())
        if delay_s is None:
            return replace(result, elapsed_s=terms.elapsed_s())
        yield Wait(delay_s=delay_s)
        retry += 1


def stream_call(dialect: Dialect, outgoing: Outgoing, terms: Terms) -> Generator[Demand, Any, Begun | Failure]:
    """A stream from its first chunk on, opened again as the terms allow; after that chunk nothing is tried again."""
    retry = 0
    while True:
        result = yield from _open(dialect, outgoing, terms)
        if isinstance(result, Begun):
            return result
        delay_s = terms.backoff.delay_s(result, retry=retry, left_s=terms.left_s())
        if delay_s is None:
            return replace(result, elapsed_s=terms.elapsed_s())
        yield Wait(delay_s=delay_s)
        retry += 1


def encoded(body: Mapping[str, Any]) -> bytes | Failure:
    """A body as JSON; a Failure if it holds what JSON cannot say."""
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        return Failure(kind=FailureKind.REQUEST, message=f"the request is no JSON: {error}", elapsed_s=0.0)


def _read(dialect: Dialect, incoming: Incoming, terms: Terms) -> Reply | Failure:
    if incoming.status != 200:
        return refusal(incoming, now=terms.now())
    if not _is_json(incoming.content_type):
        return _wrong_type(incoming.content_type, "JSON", incoming.elapsed_s)
    try:
        payload = json.loads(incoming.body)
    except (ValueError, RecursionError):
        return malformed("the answer is no JSON", elapsed_s=incoming.elapsed_s)
    if not isinstance(payload, dict):
        return malformed("the answer is no object", elapsed_s=incoming.elapsed_s)
    return dialect.read(payload, terms.elapsed_s())


def _open(dialect: Dialect, outgoing: Outgoing, terms: Terms) -> Generator[Demand, Any, Begun | Failure]:
    stream = yield OpenStream(outgoing=outgoing, timeouts=terms.timeouts())
    if isinstance(stream, Failure):
        return stream
    head = Incoming(status=stream.status, headers=stream.headers, body=b"", elapsed_s=terms.elapsed_s())
    if head.status != 200 or head.content_type != "text/event-stream":
        body = yield from _rest_of(stream)
        yield CloseStream(stream=stream)
        return body if isinstance(body, Failure) else _no_stream(dialect, replace(head, body=body), terms)
    reading = AnswerReading(dialect.assembler(), read=dialect.read, elapsed_s=terms.elapsed_s)
    chunks: list[Chunk] = []
    while not chunks and not reading.is_over:
        chunks = reading.feed((yield ReadPiece(stream=stream)))
    if chunks:
        return Begun(stream=stream, reading=reading, chunks=tuple(chunks))
    yield CloseStream(stream=stream)
    end = reading.end
    return end if isinstance(end, Failure) else malformed("the answer holds nothing", elapsed_s=end.elapsed_s)


def _rest_of(stream: Any) -> Generator[Demand, Any, bytes | Failure]:
    pieces: list[bytes] = []
    while piece := (yield ReadPiece(stream=stream)):
        if isinstance(piece, Failure):
            return piece
        pieces.append(piece)
    return b"".join(pieces)


def _no_stream(dialect: Dialect, incoming: Incoming, terms: Terms) -> Failure:
    if incoming.status != 200:
        return refusal(incoming, now=terms.now())
    told = _read(dialect, incoming, terms) if _is_json(incoming.content_type) else None
    return told if isinstance(told, Failure) else _wrong_type(incoming.content_type, "a stream", incoming.elapsed_s)


def _is_json(content_type: str) -> bool:
    return content_type in ("", "application/json", "text/json") or content_type.endswith("+json")


def _wrong_type(content_type: str, wanted: str, elapsed_s: float) -> Failure:
    said = f"`{content_type}`" if content_type else "no content type"
    return malformed(f"the answer has {said} where {wanted} was expected", elapsed_s=elapsed_s)
