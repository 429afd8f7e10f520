"""Expenses: calls that learning about one request has cost, beside those that carrying it out costs."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.outcome import CallRecord


class Expenses:
    """
    The calls of one request that were made to learn something, such as embeddings. Safe under threads.

    A call is there from its beginning on, so that one that nobody waits for any more is not taken for free.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: list[CallRecord] = []

    def begun(self, call: CallRecord) -> int:
        """Adds a call that has begun, of which nothing is known yet; gives its place."""
        with self._lock:
            self._calls.append(call)
            return len(self._calls) - 1

    def ended(self, place: int, call: CallRecord) -> None:
        """Says what the call at a place came to."""
        with self._lock:
            self._calls[place] = call

    @property
    def calls(self) -> tuple[CallRecord, ...]:
        """All of them by now, in order."""
        with self._lock:
            return tuple(self._calls)
