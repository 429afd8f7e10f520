"""A streamed answer being read: bytes in, chunks out, and at last the whole Reply; it reads nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from policy_engine.model.call import Chunk, Failure, FailureKind, Reply
from policy_engine.providers.dialect import Assembler
from policy_engine.providers.refusal import malformed
from policy_engine.providers.sse import EventParser

Read: TypeAlias = Callable[[Mapping[str, Any], float], Reply | Failure]


class AnswerReading:
    """
    The state of one streamed answer.

    Args:
        read: makes a Reply of a whole body; the number is its `elapsed_s`.
        elapsed_s: seconds since the request was sent.
    """

    def __init__(self, assembler: Assembler, *, read: Read, elapsed_s: Callable[[], float]) -> None:
        self._parser = EventParser()
        self._assembler = assembler
        self._read = read
        self._elapsed_s = elapsed_s
        self._first_token_s: float | None = None
        self._end: Reply | Failure | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be read."""
        return self._end is not None

    @property
    def end(self) -> Reply | Failure:
        """The whole answer, or how it broke off; before that, a Failure that says so."""
        if self._end is not None:
            return self._end
        return Failure(
            kind=FailureKind.CONNECTION,
            message="the answer was not read to its end",
            elapsed_s=self._elapsed_s(),
            may_be_billed=True,
        )

    def feed(self, piece: bytes | Failure) -> list[Chunk]:
        """The chunks that a piece of the body completes; an empty one is the body's end, a Failure a broken one."""
        if isinstance(piece, Failure):
            self._break_off(piece)
            return []
        if not piece:
            self._conclude()
            return []
        return self._chunks(piece)

    def _chunks(self, piece: bytes) -> list[Chunk]:
        chunks: list[Chunk] = []
        for event in self._parser.feed(piece):
            taken = self._assembler.take(event)
            if isinstance(taken, Failure):
                self._end = replace(taken, elapsed_s=self._elapsed_s())
                break
            if taken is not None:
                self._note(taken)
                chunks.append(taken)
            if self._assembler.is_over:
                self._conclude()
                break
        return chunks

    def _note(self, chunk: Chunk) -> None:
        if self._first_token_s is None and (chunk.text or _calls_a_tool(chunk)):
            self._first_token_s = self._elapsed_s()

    def _break_off(self, failure: Failure) -> None:
        """What broke after the last word is no loss: the answer is whole."""
        if self._assembler.is_whole:
            self._conclude()
        else:
            self._end = replace(failure, elapsed_s=self._elapsed_s(), may_be_billed=True)

    def _conclude(self) -> None:
        elapsed_s = self._elapsed_s()
        if not self._assembler.is_whole:
            self._end = malformed("the stream ended before the answer did", elapsed_s=elapsed_s)
            return
        whole = self._read(self._assembler.body(), elapsed_s)
        self._end = replace(whole, first_token_s=self._first_token_s) if isinstance(whole, Reply) else whole


def _calls_a_tool(chunk: Chunk) -> bool:
    choices = chunk.event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    delta = first.get("delta") if isinstance(first, Mapping) else None
    return isinstance(delta, Mapping) and bool(delta.get("tool_calls"))
