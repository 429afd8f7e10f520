"""Tests of differences to which no guard objects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.signals.guards.guard import GUARDS, read_beginning
from policy_engine.signals.guards.trifles import is_trifling, is_trifling_at_sight
from policy_engine.signals.guards.words import Pair

DULL = "please order card where is my the kindly account how do I think table".split()
TELLING = (
    "15 16 - / + two second seconds $ euros km in May may march next week last Friday 7am not don't never on off with "
    "lock unlock buy sell bought hottest Paris paris alice bob IBM ibm x_1 v2 What's 2kg c k degrees no first "
    "one once -5 minus x II ago daily sugar-free useful useless `map` know sure"
).split()
WORDS = st.lists(st.sampled_from(DULL + TELLING), max_size=6)
# As they stand between spaces: with marks at them, with capitals, and what is no word.
WRITTEN = st.sampled_from(
    "please Please order card? card. Card, my My is IBM No, no, (only hi: Hi! and/or x_1 - 15 15. 5 $ what's don't "
    "\u00a0a caf\u00e9 \ufdfa Paris Paris, may lock unlock buy sell https://a.b a@b.de -ly ' e.g. A".split(" ")
)
PLACES = st.tuples(st.integers(0, 8), st.integers(0, 2), st.booleans())
ENDS = st.sampled_from(["", ".", "?", "?!", ". ", ","])
LINES = st.lists(WRITTEN | st.sampled_from(DULL + TELLING), max_size=8)
EDITS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2), st.lists(st.sampled_from(DULL + TELLING[::3]))))


def pair(asked: str, kept: str) -> Pair:
    """Two texts as guards see them."""
    return Pair(read_beginning(asked), read_beginning(kept))


def edited(words: list[str], edits: list[tuple[int, int, list[str]]]) -> str:
    """The words with some left out and others put in."""
    changed = list(words)
    for at, gone, put in edits[:3]:
        changed[at : at + gone] = put[:2]
    return " ".join(changed)


@settings(max_examples=1_500)
@given(WORDS, EDITS, st.sampled_from(["", ".", "? "]))
def test_no_guard_objects_to_a_trifle(words: list[str], edits: list[tuple[int, int, list[str]]], end: str) -> None:
    """Where a difference is called trifling, each guard that is asked says nothing."""
    both = pair(" ".join(words) + end, edited(words, edits))
    objections = {name: guard(both) for name, guard in GUARDS.items()}

    assert not is_trifling(both) or set(objections.values()) == {None}


@settings(max_examples=3_000)
@given(LINES, PLACES, st.lists(WRITTEN | st.sampled_from(DULL), max_size=2), ENDS, ENDS)
def test_no_guard_objects_to_a_trifle_at_sight(
    words: list[str], place: tuple[int, int, bool], put: list[str], end: str, other_end: str
) -> None:
    """Where a difference is seen to be trifling without reading, reading shows the same, both ways round."""
    at, gone, is_capital = place
    asked, kept = " ".join(words) + end, " ".join([*words[:at], *put, *words[at + gone :]]) + other_end
    kept = kept[:1].upper() + kept[1:] if is_capital else kept
    for one, other in ((asked, kept), (kept, asked)):
        objections = {name: guard(pair(one, other)) for name, guard in GUARDS.items()}

        assert not is_trifling_at_sight(one, other) or is_trifling(pair(one, other))
        assert not is_trifling_at_sight(one, other) or set(objections.values()) == {None}


@pytest.mark.parametrize(
    ("asked", "kept", "expected"),
    [
        ("Where is my parcel?", "Where kindly is my parcel?", True),
        ("where is my order", "where is my order please", True),
        ("My flight to Rome on 5 May: where kindly is it", "My flight to Rome on 5 May: where is it", True),
        ("is my parcel at home", "is my order at home", True),
        ("where " * 500 + "kindly is it", "where " * 500 + "is it", True),
        ("Where is my card?", "where is my card", True),
        ("What is 15 + 15?", "what is 15 + 15", True),
        ("how, kindly, do I order", "how do I order", False),
        ("how do I order a table, kindly", "how do I order a table", False),
        ("please kindly, do order a table", "please do order a table", True),
        ("Alice is here", "alice is here", False),
        ("write to a@b.de.", "write to a@b.de", False),
        ("order 15 please", "order 15", False),
        ("a girl saw a table", "a table saw a girl", False),
        ("please, please help", "please help", False),
        ("is it locked", "is it unlocked", False),
        ("No, where is it", "where is it", False),
        ("where  is it", "where is it", False),
    ],
)
def test_what_is_trifling_at_sight(asked: str, kept: str, expected: bool) -> None:
    """Plain words among plain words are seen to be a trifle; what has a mark, a number or a telling word is read."""
    assert is_trifling_at_sight(asked, kept) is expected


@pytest.mark.parametrize(
    ("asked", "kept", "expected"),
    [
        ("where is my order", "where is my order please", True),
        ("where kindly is order 15 now", "where is order 15 now", True),
        ("where is my parcel", "where is my order", True),
        ("a girl saw a table", "a table saw a girl", False),
        ("is it locked", "is it unlocked", False),
        ("order 15 please", "order 15", False),
        ("15 - please 3", "15 - 3", False),
    ],
)
def test_what_is_trifling(asked: str, kept: str, expected: bool) -> None:
    """Words that tell nothing may come, go and be others; beside a word that does tell something they are looked at."""
    assert is_trifling(pair(asked, kept)) is expected
