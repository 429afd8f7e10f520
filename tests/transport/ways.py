"""The two ways to use the transport, sync and async, as one shape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from policy_engine.model.call import Failure
from policy_engine.transport.http import HttpTransport
from policy_engine.transport.message import Incoming, Outgoing, Timeouts

PATIENT = Timeouts(overall_s=8.0)


def post(url: str, body: bytes = b"{}", **headers: str) -> Outgoing:
    """A request that posts JSON."""
    return Outgoing(method="POST", url=url, headers={"content-type": "application/json", **headers}, body=body)


def send_sync(*outgoing: Outgoing, timeouts: Timeouts = PATIENT, **settings: Any) -> list[Incoming | Failure]:
    """What each request brings, one after the other over one transport."""
    transport = HttpTransport(**settings)
    try:
        return [transport.send(each, timeouts) for each in outgoing]
    finally:
        transport.close()


def send_async(*outgoing: Outgoing, timeouts: Timeouts = PATIENT, **settings: Any) -> list[Incoming | Failure]:
    """The same, awaited."""

    async def ask() -> list[Incoming | Failure]:
        transport = HttpTransport(**settings)
        try:
            return [await transport.send_async(each, timeouts) for each in outgoing]
        finally:
            await transport.close_async()

    return asyncio.run(ask())


def stream_sync(outgoing: Outgoing, on_piece: Callable[[], object]) -> list[bytes | Failure]:
    """The pieces of an answer until its end, or until it breaks; `on_piece` is called after each."""
    transport = HttpTransport()
    try:
        stream = transport.stream(outgoing, PATIENT)
        if isinstance(stream, Failure):
            return [stream]
        pieces: list[bytes | Failure] = []
        while piece := stream.read():
            pieces.append(piece)
            on_piece()
            if isinstance(piece, Failure):
                break
        stream.close()
        return pieces
    finally:
        transport.close()


def stream_async(outgoing: Outgoing, on_piece: Callable[[], object]) -> list[bytes | Failure]:
    """The same, awaited."""

    async def ask() -> list[bytes | Failure]:
        transport = HttpTransport()
        try:
            stream = await transport.stream_async(outgoing, PATIENT)
            if isinstance(stream, Failure):
                return [stream]
            pieces: list[bytes | Failure] = []
            while piece := await stream.read():
                pieces.append(piece)
                on_piece()
                if isinstance(piece, Failure):
                    break
            await stream.close()
            return pieces
        finally:
            await transport.close_async()

    return asyncio.run(ask())


Send = Callable[..., list[Incoming | Failure]]
SENDS = (send_sync, send_async)
STREAMS = (stream_sync, stream_async)
