"""Tests of what every state keeps: entries, counters and leases, in memory, in a file and on a server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.state.memory import MemoryState
from policy_engine.state.open import open_state
from policy_engine.state.sqlite import SqliteState
from policy_engine.state.state import LATE_SETTLE_S, Ceiling, State


def hold(state: State, lease: str, now_s: float = 0, **amounts: int) -> tuple[int, ...]:
    """Holds amounts for ten seconds, in counters that live for a hundred."""
    return state.hold(lease, amounts, now_s=now_s, until_s=now_s + 10, counted_until_s=100)


def test_an_entry_is_there_until_its_end(state: State) -> None:
    """An entry can be read before its end and not from it on."""
    state.put("a", b"1", now_s=0, until_s=10)

    assert (state.get("a", now_s=9.9), state.get("a", now_s=10)) == (b"1", None)


def test_an_entry_is_replaced_and_deleted(state: State) -> None:
    """The last value put counts, and a deleted entry is gone; deleting what is not there does nothing."""
    state.put("a", b"1", now_s=0, until_s=10)
    state.put("a", b"2", now_s=0, until_s=20)
    replaced = state.get("a", now_s=15)
    state.delete("a")
    state.delete("a")

    assert (replaced, state.get("a", now_s=15)) == (b"2", None)


def test_counters_add_up(state: State) -> None:
    """Amounts add up by counter, and one that was never added to stands at 0."""
    state.add({"a": 1, "b": 5}, now_s=0, until_s=10)
    state.add({"a": 2, "b": -3}, now_s=1, until_s=5)

    assert state.counts(("b", "a", "c"), now_s=9) == (2, 3, 0)


def test_a_counter_begins_anew_after_its_end(state: State) -> None:
    """A counter lives until the latest end it was given, and then begins at 0."""
    state.add({"a": 1}, now_s=0, until_s=10)
    ended = state.counts(("a",), now_s=10)
    state.add({"a": 7}, now_s=10, until_s=20)

    assert (ended, state.counts(("a",), now_s=19)) == ((0,), (7,))


def test_what_is_held_counts(state: State) -> None:
    """Holding says what the counters stand at with everything that is held."""
    state.add({"a": 1}, now_s=0, until_s=100)

    assert hold(state, "l1", a=10, b=20) == (11, 20)
    assert hold(state, "l2", a=100) == (111,)
    assert state.counts(("a", "b"), now_s=0) == (111, 20)


def test_a_settled_lease_counts_as_settled(state: State) -> None:
    """Settling puts the given amounts in the place of what was held, and keeps that where none is given."""
    hold(state, "l", a=10, b=20)

    assert state.settle("l", {"a": 4}, now_s=5) is True
    assert state.counts(("a", "b"), now_s=50) == (4, 20)


def test_settling_again_changes_nothing(state: State) -> None:
    """A lease is settled once, and an unknown one never."""
    hold(state, "l", a=10)
    state.settle("l", {"a": 4}, now_s=5)

    assert (state.settle("l", {"a": 4}, now_s=6), state.settle("none", {"a": 4}, now_s=6)) == (False, False)
    assert state.counts(("a",), now_s=6) == (4,)


def test_an_expired_lease_is_free(state: State) -> None:
    """From the end of its lease on, what was held is free again."""
    hold(state, "l", a=10)

    assert (state.counts(("a",), now_s=9.9), state.counts(("a",), now_s=10)) == ((10,), (0,))


def test_nothing_can_be_held(state: State) -> None:
    """A lease of nothing is one like others: it can be settled, and it ends."""
    hold(state, "settled", a=0)
    hold(state, "left", a=0)

    assert state.settle("settled", {"a": 3}, now_s=5) is True
    assert state.counts(("a",), now_s=50) == (3,)


def test_an_expired_lease_can_be_settled_late(state: State) -> None:
    """What a call cost is counted even if it took longer than its lease, but not after more than a day."""
    hold(state, "late", a=10)
    hold(state, "lost", a=10)

    assert state.settle("late", {"a": 3}, now_s=50) is True
    assert state.counts(("a",), now_s=50) == (3,)
    assert state.settle("lost", {"a": 3}, now_s=10 + LATE_SETTLE_S) is False


def admit(state: State, lease: str, ceiling: Ceiling, now_s: float = 0, **amounts: int) -> bool:
    """Asks to hold amounts for ten seconds, in counters that live for a hundred."""
    return state.admit(lease, amounts, ceiling=ceiling, now_s=now_s, until_s=now_s + 10, counted_until_s=100)


def test_up_to_a_number_are_let_in(state: State) -> None:
    """While what is counted and held is at most the number, more is held; from then on nothing, until some is over."""
    ceiling = Ceiling(part=("a",), most=2)
    state.add({"a": 1}, now_s=0, until_s=100)
    first = [admit(state, lease, ceiling, a=1) for lease in ("l1", "l2", "l3")]
    counts = state.counts(("a",), now_s=0)
    state.settle("l1", {"a": 0}, now_s=0)

    assert (first, counts) == ([True, True, False], (3,))
    assert admit(state, "l4", ceiling, a=1) is True
    assert [state.settle(lease, {"a": 0}, now_s=0) for lease in ("l3", "l4")] == [False, True]


def test_up_to_a_share_are_let_in(state: State) -> None:
    """A share of other counters is compared without rounding, and only once they stand at the least that is said."""
    ceiling = Ceiling(part=("up", "held"), whole=("all", "held"), share=Fraction("0.3"), least=10)
    state.add({"all": 9, "up": 9}, now_s=0, until_s=100)
    few = admit(state, "few", ceiling, other=1)
    state.add({"all": 1, "up": -6}, now_s=0, until_s=100)

    assert (few, admit(state, "equal", ceiling, held=1)) == (True, True)
    assert admit(state, "above", ceiling, held=1) is False
    assert state.counts(("all", "up", "held", "other"), now_s=0) == (10, 3, 1, 1)


def test_what_is_let_in_and_never_settled_ends(state: State) -> None:
    """From the end of its lease on, others are let in for it."""
    ceiling = Ceiling(part=("a",))
    admit(state, "l1", ceiling, a=1)

    assert [admit(state, f"at {now_s}", ceiling, now_s, a=1) for now_s in (9.9, 10)] == [False, True]


def test_sweeping_changes_nothing(state: State) -> None:
    """However much is put and over, what is alive stays as it is."""
    state.add({"alive": 1}, now_s=0, until_s=10_000)
    state.hold("alive", {"held": 2}, now_s=0, until_s=10_000, counted_until_s=10_000)
    for second in range(1_100):
        state.add({f"gone{second % 7}": 1}, now_s=second, until_s=second + 1)

    assert state.counts(("alive", "held", "gone0"), now_s=1_100) == (1, 2, 0)
    assert state.settle("alive", {}, now_s=1_100) is True


KEYS = st.sampled_from("ab")
AMOUNTS = st.dictionaries(KEYS, st.integers(-5, 5), min_size=1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), AMOUNTS, st.integers(1, 30)),
        st.tuples(st.just("hold"), AMOUNTS, st.integers(1, 30)),
        st.tuples(st.just("admit"), AMOUNTS, st.integers(-3, 9)),
        st.tuples(st.just("settle"), AMOUNTS, st.integers(0, 9)),
        st.tuples(st.just("put"), KEYS, st.integers(1, 30)),
        st.tuples(st.just("get"), KEYS, st.just(0)),
    ),
    max_size=30,
)


def answers(state: State, steps: list[tuple[str, Any, int]]) -> list[object]:
    """What a state says to some steps, two seconds apart."""
    said: list[object] = []
    for index, (verb, what, number) in enumerate(steps):
        now_s = index * 2.0
        if verb == "add":
            said.append(state.add(what, now_s=now_s, until_s=now_s + number))
        elif verb == "hold":
            ends = {"until_s": now_s + number, "counted_until_s": now_s + 20}
            said.append(state.hold(str(index), what, now_s=now_s, **ends))
        elif verb == "admit":
            ceiling = Ceiling(part=("a",), most=number, whole=("b", "a"), share=Fraction(number + 3, 7), least=number)
            ends = {"until_s": now_s + 5, "counted_until_s": now_s + 20}
            said.append(state.admit(str(index), what, ceiling=ceiling, now_s=now_s, **ends))
        elif verb == "settle":
            said.append(state.settle(str(number), what, now_s=now_s))
        elif verb == "put":
            said.append(state.put(what, str(index).encode(), now_s=now_s, until_s=now_s + number))
        else:
            said.append(state.get(what, now_s=now_s))
        said.append(state.counts(("a", "b"), now_s=now_s))
    return said


@settings(max_examples=60)
@given(steps=STEPS)
def test_all_say_what_memory_says(new_redis: Callable[[], str], steps: list[tuple[str, Any, int]]) -> None:
    """All kinds of state answer alike, whatever is done in whatever order."""
    with closing(SqliteState(":memory:")) as kept, closing(open_state(new_redis())) as shared:
        assert answers(kept, steps) == answers(shared, steps) == answers(MemoryState(), steps)
