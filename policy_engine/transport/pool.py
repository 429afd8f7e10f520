"""Connections that wait to be used again, by the address they lead to, and a bound on how many are in use."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Callable

import httpx

from policy_engine.transport.deadline import Clock

Origin = tuple[str, str, int]
"""Scheme, host and port."""


class Pool:
    """
    Sockets by origin, the newest used first; safe under threads.

    At most `most` connections are in use at any time; one that was idle for `idle_s` is not used again.
    """

    def __init__(
        self, connect: Callable[[Origin, float | None], socket.socket], *, most: int, idle_s: float, clock: Clock
    ) -> None:
        self._connect = connect
        self._idle_s = idle_s
        self._clock = clock
        self._slots = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[tuple[float, socket.socket]]] = {}

    def take(self, origin: Origin, *, pool_s: float | None, connect_s: float | None) -> socket.socket:
        """
        A connection to `origin`, kept or new; hand it back with `keep` or `drop`.

        Raises:
            httpx.PoolTimeout: none was free in time.
            httpx.ConnectError, httpx.ConnectTimeout: no connection could be made.
        """
        if not self._slots.acquire(timeout=pool_s):
            raise httpx.PoolTimeout("no connection was free in time")
        try:
            return self._kept(origin) or self._connect(origin, connect_s)
        except BaseException:
            self._slots.release()
            raise

    def keep(self, origin: Origin, connection: socket.socket) -> None:
        """Hands back a connection that can be used again."""
        with self._lock:
            self._idle.setdefault(origin, deque()).append((self._clock(), connection))
        self._slots.release()

    def drop(self, connection: socket.socket) -> None:
        """Hands back a connection that is of no more use."""
        connection.close()
        self._slots.release()

    def close(self) -> None:
        """Ends all idle connections."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for waiting in idle.values():
            for _, connection in waiting:
                connection.close()

    def _kept(self, origin: Origin) -> socket.socket | None:
        while True:
            with self._lock:
                waiting = self._idle.get(origin)
                if not waiting:
                    return None
                since_s, connection = waiting.pop()
            if self._clock() - since_s < self._idle_s and not _has_something_to_read(connection):
                return connection
            connection.close()


def _has_something_to_read(connection: socket.socket) -> bool:
    """Whether the other side said something unasked, which is as a rule that it is gone."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(connection, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([connection], [], [], 0)[0])
