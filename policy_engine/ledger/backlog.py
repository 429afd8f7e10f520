"""The backlog: what was handed to the ledger and is not written yet, bounded, taken in batches."""

from __future__ import annotations

from collections import deque
from threading import Condition

from policy_engine.ledger.entry import Handed


class Backlog:
    """
    A bounded queue between those who hand in and the one who writes.

    Attributes:
        dropped: how many were lost since the beginning.
    """

    def __init__(self, *, capacity: int, batch: int, linger_s: float) -> None:
        self._capacity = capacity
        self._batch = batch
        self._linger_s = linger_s
        self._changed = Condition()
        self._waiting: deque[Handed] = deque()
        self._taken = 0  # of those that are in the writer's hands
        self._accepted = 0
        self._hurried = False
        self._closed = False
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting) + self._taken

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is accepted."""
        return self._closed

    def put(self, handed: Handed) -> bool:
        """Whether there was room for it. Never blocks for long."""
        with self._changed:
            if self._closed or len(self) >= self._capacity:
                self.dropped += 1
                return False
            self._waiting.append(handed)
            self._accepted += 1
            # The writer sleeps until there is something, then until there is a batch of it.
            if len(self._waiting) in (1, self._batch):
                self._changed.notify_all()
            return True

    def take(self) -> tuple[Handed, ...]:
        """The next batch, after waiting a little for it to fill; empty once closed and done. For one thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(self._is_due, self._linger_s)
            batch = tuple(self._waiting.popleft() for _ in range(min(self._batch, len(self._waiting))))
            self._taken = len(batch)
            self._hurried = False
            return batch

    def done(self) -> None:
        """Lets go of what was taken."""
        with self._changed:
            self._taken = 0
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Waits before another try, less long if somebody waits for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._hurried or self._closed, seconds)
            self._hurried = False

    def lose(self, count: int) -> None:
        """Counts so many of what was taken as lost."""
        with self._changed:
            self.dropped += count

    def drain(self, timeout_s: float) -> bool:
        """Blocks until all that was accepted before is written or lost, or the time is over; tells which."""
        with self._changed:
            until = self._accepted
            self._hurried = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._accepted - len(self) >= until, timeout_s)

    def close(self) -> None:
        """Accepts nothing from now on; what waits is still to be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> int:
        """Gives up what waits or was taken, and says how many that were."""
        with self._changed:
            lost = len(self)
            self._waiting.clear()
            self._taken = 0
            self.dropped += lost
            self._changed.notify_all()
            return lost

    def _is_due(self) -> bool:
        return len(self._waiting) >= self._batch or self._hurried or self._closed
