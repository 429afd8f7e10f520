"""Lines and columns of offsets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Position
from policy_engine.loader.lines import Lines


def test_every_kind_of_line_break_counts_once() -> None:
    """`\\n`, `\\r\\n` and `\\r` each end one line."""
    lines = Lines("a\nb\r\nc\rd")

    assert [lines.line(number) for number in range(1, len(lines) + 1)] == ["a", "b", "c", "d"]
    assert [lines.position(offset) for offset in (0, 2, 5, 7, 8)] == [
        Position(1, 1),
        Position(2, 1),
        Position(3, 1),
        Position(4, 1),
        Position(4, 2),
    ]


def test_offsets_beyond_the_text_are_its_end() -> None:
    """No position lies outside of the text."""
    assert (Lines("ab").position(99), Lines("ab").position(-1)) == (Position(1, 3), Position(1, 1))


def test_a_stretch_is_cut_at_its_first_line() -> None:
    """A stretch over several lines keeps what is on the first."""
    assert Lines("ab\ncd").first_line(1, 5) == (1, 2)


@given(st.text(st.sampled_from("ab\n\r")), st.integers(0, 50))
def test_a_position_leads_back_to_its_offset(text: str, offset: int) -> None:
    """Line and column name the offset they were made from."""
    lines = Lines(text)
    offset = min(offset, len(text))

    position = lines.position(offset)

    assert lines.start(position.line) + position.column - 1 == offset
