"""Server-sent events are read from bytes, however they are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.providers.sse import Event, EventParser

WHOLE = (
    "\ufeffdata: a\r\n\r\n: note\nevent: x\ndata: b\ndata:  ü🙂\rid: 7\r\rdata\n\nevent: y\n\ndata: z\n\ndata: late"
).encode()
EVENTS = [
    Event(name="message", data="a"),
    Event(name="x", data="b\n ü🙂"),
    Event(name="message", data=""),
    Event(name="message", data="z"),
]


def test_events_are_read_by_the_standard() -> None:
    """All line ends, names, several data lines, comments and a byte order mark; an unended event never happened."""
    assert EventParser().feed(WHOLE) == EVENTS


@given(st.lists(st.integers(0, len(WHOLE)), max_size=12))
def test_events_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    """Any cut of the bytes gives the same events."""
    places = [0, *sorted(cuts), len(WHOLE)]
    parser = EventParser()

    events = [event for a, b in pairwise(places) for event in parser.feed(WHOLE[a:b])]

    assert events == EVENTS


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_are_too_odd(data: bytes, cut: int) -> None:
    """Any bytes are read without complaint, the same in two pieces as in one."""
    parser = EventParser()

    assert parser.feed(data[:cut]) + parser.feed(data[cut:]) == EventParser().feed(data)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_events_come_when_their_blank_line_has_come(end: bytes) -> None:
    """An event is given with the piece that holds its blank line, not later."""
    parser = EventParser()

    assert parser.feed(b"data: a" + end) == []
    assert parser.feed(end) == [Event(name="message", data="a")]
