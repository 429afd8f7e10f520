"""Tests of logs, in memory, in a file and on a server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.state.log import Log, Record
from policy_engine.state.memory import MemoryState
from policy_engine.state.open import open_state
from policy_engine.state.sqlite import SqliteState
from policy_engine.state.state import State


@pytest.fixture
def log(state: State) -> Log:
    """An empty log of each kind."""
    return state.log


def read(log: Log, position: int = 0, *, name: str = "cache", now_s: float = 0) -> list[tuple[str, bytes | None]]:
    """Entries and values after a position."""
    return [(record.entry, record.value) for record in log.since(name, position, now_s=now_s)]


def test_records_are_read_in_the_order_they_came(log: Log) -> None:
    """Whoever follows gets each record once, whole, in order, and as many at a time as wanted."""
    first = log.append("cache", "a", b"1", now_s=0, until_s=10)
    second = log.append("cache", "b", b"2", now_s=0, until_s=20)

    assert first < second
    assert log.since("cache", 0, now_s=0) == (
        Record(position=first, entry="a", value=b"1", until_s=10),
        Record(position=second, entry="b", value=b"2", until_s=20),
    )
    assert [record.entry for record in log.since("cache", 0, now_s=0, limit=1)] == ["a"]
    assert read(log, first) == [("b", b"2")]
    assert read(log, second) == []


def test_logs_are_apart(log: Log) -> None:
    """A log holds its own entries only, and logs are listed by the beginning of their names while they hold any."""
    log.append("cache/b", "a", b"1", now_s=0, until_s=10)
    log.append("cache/a", "a", b"2", now_s=0, until_s=5)
    log.append("other", "a", b"3", now_s=0, until_s=10)

    assert read(log, name="cache/a") == [("a", b"2")]
    assert log.names("cache/", now_s=0) == ("cache/a", "cache/b")
    assert log.names("cache/", now_s=5) == ("cache/b",)
    assert read(log, name="nothing") == []


def test_a_replaced_entry_is_read_once_more(log: Log) -> None:
    """An entry that is appended again is read with its new value only, after what came before."""
    log.append("cache", "a", b"1", now_s=0, until_s=10)
    seen = log.append("cache", "b", b"2", now_s=0, until_s=10)
    log.append("cache", "a", b"3", now_s=0, until_s=10)

    assert read(log) == [("b", b"2"), ("a", b"3")]
    assert read(log, seen) == [("a", b"3")]


def test_followers_learn_of_removals(log: Log) -> None:
    """A removed entry comes once more without a value, and those that were not there do not count."""
    seen = log.append("cache", "a", b"1", now_s=0, until_s=10)

    assert log.remove("cache", ("a", "a", "none"), now_s=0) == 1
    assert log.remove("cache", ("a",), now_s=0) == 0
    assert log.remove("nothing", ("a",), now_s=0) == 0
    assert read(log, seen) == [("a", None)]
    assert log.names("", now_s=0) == ()


def test_what_is_over_is_not_read(log: Log) -> None:
    """An entry past its end is neither read nor removed."""
    log.append("cache", "a", b"1", now_s=0, until_s=10)

    assert read(log, now_s=10) == []
    assert log.remove("cache", ("a",), now_s=10) == 0


def test_what_is_over_is_freed(log: Log) -> None:
    """After many changes, positions go on where they were although old records have been freed."""
    for second in range(1_100):
        last = log.append("cache", f"e{second}", b"1", now_s=second, until_s=second + 1)

    assert read(log, now_s=1_099) == [("e1099", b"1")]
    assert log.append("cache", "next", b"1", now_s=1_100, until_s=1_200) > last


def test_another_process_follows(shared_address: str) -> None:
    """What one opener of a state appends or removes, another reads on from where it was."""
    with closing(open_state(shared_address)) as one, closing(open_state(shared_address)) as other:
        seen = one.log.append("cache", "a", b"1", now_s=0, until_s=10)
        before = read(other.log)
        other.log.remove("cache", ("a",), now_s=0)

        assert (before, read(one.log, seen)) == ([("a", b"1")], [("a", None)])


STEPS = st.lists(st.tuples(st.sampled_from("arf"), st.sampled_from("wxyz"), st.integers(1, 9)), max_size=40)


@given(steps=STEPS)
@settings(max_examples=60)
def test_all_logs_agree(new_redis: Callable[[], str], steps: list[tuple[str, str, int]]) -> None:
    """After any changes, whoever followed from any moment knows the same entries, in every kind of log."""
    with closing(SqliteState(":memory:")) as database, closing(open_state(new_redis())) as server:
        for log in (MemoryState().log, database.log, server.log):
            expected: dict[str, bytes] = {}
            followed: dict[str, bytes] = {}
            position = 0
            for action, entry, value in steps:
                if action == "a":
                    log.append("cache", entry, bytes([value]), now_s=0, until_s=10)
                    expected[entry] = bytes([value])
                elif action == "r":
                    assert log.remove("cache", (entry,), now_s=0) == (entry in expected)
                    expected.pop(entry, None)
                else:
                    position = follow(log, position, followed)
            follow(log, position, followed)
            fresh: dict[str, bytes] = {}
            follow(log, 0, fresh)

            assert followed == fresh == expected


def follow(log: Log, position: int, known: dict[str, bytes]) -> int:
    """Takes over what is new; gives the position reached."""
    for record in log.since("cache", position, now_s=0):
        position = record.position
        known.pop(record.entry, None)
        if record.value is not None:
            known[record.entry] = record.value
    return position
