"""A few threads for what may wait for a disk or a network, so that nobody else waits with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from policy_engine.state.process import PerProcess

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Value = TypeVar("Value")

THREADS = 8
"""How many things are done at a time; the rest waits for its turn."""

WAIT_S = 5.0
"""How long a request waits for something to be read or counted, while nobody else gets through either."""

LONGEST_WAIT_S = 30.0
"""How long it waits where others do get through, and it has to wait for its turn."""


class Aside:
    """
    Does work in threads of its own, made on first use, and anew in a forked child.

    Args:
        threads: how many things are done at a time.
        wait_s: how long those who `wait` do so while nothing that was submitted is done in half that time.
        longest_wait_s: how long at most.
    """

    def __init__(
        self, *, threads: int = THREADS, wait_s: float = WAIT_S, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self.wait_s = wait_s
        self._longest_wait_s = longest_wait_s
        self._threads = threads
        self._pool = PerProcess(_Pool)

    def submit(self, work: Callable[[], Value]) -> Future[Value]:
        """What the work will give; it begins as soon as a thread is free."""
        pool = self._pool.get()
        with pool.lock:
            if pool.executor is None:
                from concurrent.futures import ThreadPoolExecutor  # slow to import, and often never needed

                pool.executor = ThreadPoolExecutor(self._threads, thread_name_prefix="policy_engine-aside")
            future = pool.executor.submit(pool.done, work, slow_s=self.wait_s / 2)
            pool.pending.add(future)
        future.add_done_callback(pool.pending.discard)
        return future

    async def wait(self, work: Future[Value]) -> bool:
        """
        Waits until work is done, but not too long; tells whether it is. The work goes on all the same.

        Many who come at once wait for their turns, however long that takes, as long as the place they wait for does
        answer: one that answers nobody, or only after seconds, is not waited for longer than `wait_s` or twice that.
        """
        pool = self._pool.get()
        until_s = time.monotonic() + self._longest_wait_s
        while True:
            seen, left_s = pool.quick, until_s - time.monotonic()
            await landed(work, max(0.0, min(self.wait_s, left_s)))
            if work.done() or pool.quick == seen or left_s <= self.wait_s:
                return work.done()

    def close(self, *, timeout_s: float = 0.0) -> None:
        """Waits a little for what was submitted, gives up what has not begun, and lets go of the threads."""
        pool = self._pool.made()
        if pool is None:
            return
        with pool.lock:
            executor, pool.executor = pool.executor, None
        if executor is not None:
            from concurrent.futures import wait

            wait(tuple(pool.pending), timeout_s)
            executor.shutdown(wait=False, cancel_futures=True)


async def landed(future: Future[Value], timeout_s: float | None = None) -> None:
    """Waits until work is done, or the time is over. Whoever stops waiting does not stop the work."""
    import asyncio

    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def tell() -> None:
        if not done.done():
            done.set_result(None)

    def tell_loop(_: Future[Value]) -> None:
        with suppress(RuntimeError):  # the loop is closed, so nobody waits
            loop.call_soon_threadsafe(tell)

    future.add_done_callback(tell_loop)
    await asyncio.wait({done}, timeout=timeout_s)


class _Pool:
    """A process's threads, and the lock under which they are made."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.executor: ThreadPoolExecutor | None = None
        self.pending: set[Future[Any]] = set()
        self.quick = 0  # how much of what was submitted was done soon after it was begun

    def done(self, work: Callable[[], Value], *, slow_s: float) -> Value:
        """What the work gives."""
        began_s = time.monotonic()
        try:
            return work()
        finally:
            if time.monotonic() - began_s < slow_s:
                with self.lock:
                    self.quick += 1
