"""What the rest of the program asks of an HTTP client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from policy_engine.model.call import Failure
from policy_engine.transport.message import Incoming, Outgoing, Timeouts


class ByteStream(Protocol):
    """An answer whose head has come; its body is read piece by piece. Close it, read to the end or not."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""

    def read(self) -> bytes | Failure:
        """The next piece; empty at the end; a Failure if it broke off. Blocks."""

    def close(self) -> None:
        """Gives the connection back, or ends it if more was to come."""


class AsyncByteStream(Protocol):
    """The same, awaited."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""

    async def read(self) -> bytes | Failure:
        """The next piece; empty at the end; a Failure if it broke off."""

    async def close(self) -> None:
        """Gives the connection back, or ends it if more was to come."""


class Transport(Protocol):
    """Sends requests and gives back answers or failures; it raises nothing for what the network does."""

    def send(self, outgoing: Outgoing, timeouts: Timeouts) -> Incoming | Failure:
        """The whole answer. Blocks."""

    async def send_async(self, outgoing: Outgoing, timeouts: Timeouts) -> Incoming | Failure:
        """The whole answer."""

    def stream(self, outgoing: Outgoing, timeouts: Timeouts) -> ByteStream | Failure:
        """The answer from its head on. Blocks until the head has come."""

    async def stream_async(self, outgoing: Outgoing, timeouts: Timeouts) -> AsyncByteStream | Failure:
        """The answer from its head on."""

    def close(self) -> None:
        """Ends all idle connections of sync calls."""

    async def close_async(self) -> None:
        """Ends all connections that async calls of this event loop made, and those of sync calls."""
