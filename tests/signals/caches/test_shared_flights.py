"""Tests of who is about to fill an entry, of all that share a state."""

from __future__ import annotations

from contextlib import closing

from policy_engine.signals.caches.shared_flights import FLIGHT_S, Flight, SharedFlights
from policy_engine.state.open import open_state

ASKED = ("support", "key", "where is it?")


def test_one_goes_first_until_it_lands(shared_address: str) -> None:
    """Another does not go first, sees when the first has landed, and can go first then; other questions are apart."""
    with closing(open_state(shared_address)) as one, closing(open_state(shared_address)) as two:
        here, there = SharedFlights(one), SharedFlights(two)
        first = here.board(ASKED, now_s=0)
        second = there.board(ASKED, now_s=1)
        other = there.board(("support", "key", "where am i?"), now_s=1)
        before = there.look(ASKED, now_s=2)
        there.land(second, now_s=2)
        here.land(first, now_s=2)
        after = there.look(ASKED, now_s=3)
        third = there.board(ASKED, now_s=3)

    assert second == Flight(asked=ASKED, lease=None, landed=0)
    assert None not in (first.lease, other.lease, third.lease)
    assert (before, after, third.landed) == ((True, 0), (False, 1), 1)


def test_who_takes_too_long_counts_as_dead(shared_address: str) -> None:
    """After its time it is not under way any more and has not landed; that it lands late does no harm to the next."""
    with closing(open_state(shared_address)) as state:
        flights = SharedFlights(state)
        slow = flights.board(ASKED, now_s=0)
        seen = [flights.look(ASKED, now_s=FLIGHT_S - 1), flights.look(ASKED, now_s=FLIGHT_S)]
        next_one = flights.board(ASKED, now_s=FLIGHT_S)
        flights.land(slow, now_s=FLIGHT_S + 1)
        late = flights.look(ASKED, now_s=FLIGHT_S + 1)

    assert (seen, late) == ([(True, 0), (False, 0)], (True, 1))
    assert next_one.lease is not None
