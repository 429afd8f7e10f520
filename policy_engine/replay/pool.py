"""Work spread over processes, its results in the order of the work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 3
"""Items per process that wait to be done or fetched, so that work is never taken far ahead."""


def in_order(do: Callable[[Item], Result], items: Iterable[Item], *, jobs: int) -> Generator[Result, None, None]:
    """
    What `do` gives for each item, in order, by so many processes; by this one if it is one.

    Args:
        do: a function that can be pickled, as its items and results.
    """
    if jobs == 1:
        yield from map(do, items)
        return
    waiting: deque[Future[Result]] = deque()
    # A process that is forked may inherit locks that a thread of ours holds; one that is spawned inherits nothing.
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(do, item))
                if len(waiting) >= jobs * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
