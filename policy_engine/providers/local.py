"""Providers that need no network: what they answer is whole at once, and streamed word by word."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

from policy_engine.model.call import Chunk, Failure, Prompt, Reply

_WORD = re.compile(r"\S*\s*")


class LocalProvider(ABC):
    """A Provider that answers at once, by its `answer`."""

    @abstractmethod
    def answer(self, prompt: Prompt, model: str) -> Reply | Failure:
        """A whole answer."""

    def call(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> Reply | Failure:  # noqa: ARG002  no time
        """A whole answer."""
        return self.answer(prompt, model)

    async def call_async(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> Reply | Failure:
        """A whole answer."""
        return self.call(prompt, model, timeout_s=timeout_s)

    def open(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> LocalStream | Failure:
        """The same answer, word by word."""
        reply = self.call(prompt, model, timeout_s=timeout_s)
        return reply if isinstance(reply, Failure) else LocalStream(reply)

    async def open_async(self, prompt: Prompt, model: str, *, timeout_s: float | None) -> AsyncLocalStream | Failure:
        """The same answer, word by word."""
        reply = self.call(prompt, model, timeout_s=timeout_s)
        return reply if isinstance(reply, Failure) else AsyncLocalStream(reply)


class LocalStream:
    """A ReplyStream of a Reply that is whole."""

    def __init__(self, reply: Reply) -> None:
        self._reply = replace(reply, first_token_s=reply.elapsed_s)

    @property
    def end(self) -> Reply | Failure:
        """The whole answer."""
        return self._reply

    def __iter__(self) -> Iterator[Chunk]:
        """The words of the answer, then its end."""
        yield from chunks_of(self._reply)

    def close(self) -> None:
        """Nothing to let go of."""


class AsyncLocalStream:
    """The same, awaited."""

    def __init__(self, reply: Reply) -> None:
        self._reply = replace(reply, first_token_s=reply.elapsed_s)

    @property
    def end(self) -> Reply | Failure:
        """The whole answer."""
        return self._reply

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        """The words of the answer, then its end."""
        for chunk in chunks_of(self._reply):
            yield chunk

    async def close(self) -> None:
        """Nothing to let go of."""


def chunks_of(reply: Reply) -> Iterator[Chunk]:
    """A Reply as chunks in OpenAI's shape: one for each word, and a last one with the finish reason."""
    for word in _WORD.findall(reply.text):
        if word:
            yield Chunk(text=word, event=_event(reply, {"content": word}, None))
    yield Chunk(text="", event=_event(reply, {}, reply.finish_reason))


def _event(reply: Reply, delta: dict[str, str], finish_reason: str | None) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"object": "chat.completion.chunk", "model": reply.served_by, "choices": [choice]}
