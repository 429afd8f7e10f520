"""A streamed answer, as the caller sees it: its pieces, and what it came to once they have been read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from types import TracebackType
from typing import Self

from policy_engine.model.call import Chunk
from policy_engine.model.outcome import Outcome


class AnswerStream:
    """
    The pieces of an answer as they come. `outcome` is None until the last one has been read.

    To be read to the end or closed, best by `with`; closing it before cancels the call.
    """

    def __init__(self, items: Generator[Chunk | Outcome, None, None]) -> None:
        self._items = items
        self.outcome: Outcome | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Chunk:
        item = next(self._items)
        while isinstance(item, Outcome):
            self.outcome = item
            item = next(self._items)
        return item

    def close(self) -> None:
        """Ends the call if it is still under way."""
        self._items.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncAnswerStream:
    """The same, awaited."""

    def __init__(self, items: AsyncGenerator[Chunk | Outcome, None]) -> None:
        self._items = items
        self.outcome: Outcome | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Chunk:
        item = await anext(self._items)
        while isinstance(item, Outcome):
            self.outcome = item
            item = await anext(self._items)
        return item

    async def close(self) -> None:
        """Ends the call if it is still under way."""
        await self._items.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
