"""Tests of work that is done in threads aside."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from policy_engine.state.aside import Aside, landed


def test_work_is_done_in_another_thread() -> None:
    """What it gives and what it raises comes back."""
    aside = Aside()

    assert aside.submit(threading.get_ident).result() != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        aside.submit(lambda: 1 / 0).result()
    aside.close()


def test_work_is_awaited_without_being_stopped() -> None:
    """Whoever waits may stop waiting: the work goes on."""
    aside, go = Aside(), threading.Event()

    async def main() -> tuple[bool, bool]:
        work = aside.submit(lambda: go.wait(10))
        waiting = asyncio.ensure_future(landed(work))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await landed(work, timeout_s=0.0)
        before = work.done()
        go.set()
        await landed(work)
        return before, work.result()

    assert asyncio.run(main()) == (False, True)
    aside.close()


def test_work_that_lands_after_its_loop_hurts_nobody() -> None:
    """A loop that is closed is not told."""
    aside, go = Aside(), threading.Event()

    async def main() -> None:
        nonlocal work
        work = aside.submit(lambda: go.wait(10))
        await landed(work, timeout_s=0.0)

    work = aside.submit(lambda: True)
    asyncio.run(main())
    go.set()

    assert work.result() is True
    aside.close()


def test_closing_waits_a_little_and_gives_up_what_has_not_begun() -> None:
    """What was begun ends; what waits for a thread is never done; later work has new threads."""
    aside, go = Aside(threads=1), threading.Event()
    begun = aside.submit(lambda: go.wait(10))
    waiting = aside.submit(lambda: True)

    aside.close(timeout_s=0.01)
    go.set()

    assert begun.result() is True
    assert waiting.cancelled()
    assert aside.submit(lambda: "again").result() == "again"
    aside.close(timeout_s=10)
    aside.close()


def test_closing_lets_what_was_submitted_end() -> None:
    """Within the time, nothing is given up."""
    aside = Aside(threads=1)
    done = [aside.submit(lambda number=number: number) for number in range(20)]

    aside.close(timeout_s=10)

    assert [work.result(0) for work in done] == list(range(20))


def test_many_wait_for_their_turns() -> None:
    """Whoever comes last of many is waited for, longer than the time for one, as long as the others get through."""
    aside, never = Aside(threads=1, wait_s=0.2), threading.Event()
    works = [aside.submit(lambda: never.wait(0.04)) for _ in range(10)]

    began_s = time.monotonic()
    is_done = asyncio.run(aside.wait(works[-1]))

    assert (is_done, time.monotonic() - began_s > 0.2) == (True, True)
    aside.close()


@pytest.mark.parametrize(
    ("each_s", "wait_s", "longest_wait_s"),
    [
        pytest.param(10.0, 0.05, 10.0, id="nobody gets through"),
        pytest.param(0.1, 0.1, 10.0, id="all take long"),
        pytest.param(0.01, 0.05, 0.1, id="too many are ahead"),
    ],
)
def test_nobody_waits_for_ever(each_s: float, wait_s: float, longest_wait_s: float) -> None:
    """Who waits is told that work is not done where nothing is, or only slowly, and where it takes too long in all."""
    aside, go = Aside(threads=1, wait_s=wait_s, longest_wait_s=longest_wait_s), threading.Event()
    works = [aside.submit(lambda: go.wait(each_s)) for _ in range(100)]

    is_done = asyncio.run(aside.wait(works[-1]))
    go.set()

    assert is_done is False
    aside.close()
