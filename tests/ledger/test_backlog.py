"""Tests of the bounded queue between those who hand in and the one who writes."""

from __future__ import annotations

from policy_engine.ledger.backlog import Backlog
from policy_engine.ledger.entry import ShadowEntry

ONE, TWO, THREE = (ShadowEntry(id=name, at_s=0.0, result={}) for name in ("1", "2", "3"))


def backlog(*, capacity: int = 10, batch: int = 2) -> Backlog:
    """A backlog that does not wait for batches to fill."""
    return Backlog(capacity=capacity, batch=batch, linger_s=0.0)


def test_batches_come_in_order() -> None:
    """What is put is taken in the same order, at most a batch at a time."""
    waiting = backlog()
    for one in (ONE, TWO, THREE):
        waiting.put(one)

    assert (waiting.take(), waiting.take()) == ((ONE, TWO), (THREE,))


def test_what_is_taken_still_needs_room() -> None:
    """What the writer has in hand counts until it is done."""
    waiting = backlog(capacity=2)
    waiting.put(ONE)
    waiting.take()

    assert [waiting.put(TWO), waiting.put(THREE), len(waiting), waiting.dropped] == [True, False, 2, 1]

    waiting.done()

    assert [waiting.put(THREE), len(waiting), waiting.dropped] == [True, 2, 1]


def test_a_closed_backlog_ends() -> None:
    """After closing nothing is accepted, what waits is taken, and then there is nothing."""
    waiting = backlog()
    waiting.put(ONE)
    waiting.close()

    assert (waiting.put(TWO), waiting.take(), waiting.take()) == (False, (ONE,), ())


def test_giving_up_counts_what_is_lost() -> None:
    """What waits and what is in hand is lost, and nobody waits for it any more."""
    waiting = backlog(batch=1)
    waiting.put(ONE)
    waiting.put(TWO)
    waiting.take()

    assert (waiting.drain(0.0), waiting.abandon(), waiting.dropped, waiting.drain(0.0)) == (False, 2, 2, True)
