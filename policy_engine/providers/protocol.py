"""What the rest of the program asks of a model API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from policy_engine.model.call import Chunk, Failure, Prompt, Reply


class ReplyStream(Protocol):
    """
    A streamed answer that has begun. Iterate it, once, then ask `end`; close it in any case.

    Iteration blocks, raises nothing for what the network does, and stops at the answer's end or where it broke off.
    """

    @property
    def end(self) -> Reply | Failure:
        """The whole answer, or how it broke off; before the end is reached, a Failure that says so."""

    def __iter__(self) -> Iterator[Chunk]:
        """The pieces of the answer, as they come."""

    def close(self) -> None:
        """Lets go of the connection."""


class AsyncReplyStream(Protocol):
    """The same, awaited."""

    @property
    def end(self) -> Reply | Failure:
        """The whole answer, or how it broke off; before the end is reached, a Failure that says so."""

    def __aiter__(self) -> AsyncIterator[Chunk]:
        """The pieces of the answer, as they come."""

    async def close(self) -> None:
        """Lets go of the connection."""


class Provider(Protocol):
    """
    A model API. `model` is its own name of a model; `timeout_s` bounds a call with all its retries, None leaves the
    bound to the provider's settings. It raises nothing for what the world does: that is a Failure.
    """

    def call(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> Reply | Failure:
        """A whole answer. Blocks."""

    async def call_async(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> Reply | Failure:
        """A whole answer."""

    def open(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> ReplyStream | Failure:
        """An answer of which the first piece has come. Blocks until then."""

    async def open_async(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> AsyncReplyStream | Failure:
        """An answer of which the first piece has come."""
