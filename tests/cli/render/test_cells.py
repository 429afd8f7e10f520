"""Text on a terminal: how wide it is, and that it cannot steer it."""

import pytest

from policy_engine.cli.render.cells import cells_of, clipped, glyphs_of, visible


@pytest.mark.parametrize(
    ("text", "cells"), [("", 0), ("abc", 3), ("日本", 4), ("e\N{COMBINING ACUTE ACCENT}", 1), ("é", 1), ("a\u200db", 2)]
)
def test_cells_are_counted_as_a_terminal_shows_them(text: str, cells: int) -> None:
    """Wide characters take two cells, combining and joining ones none."""
    assert cells_of(text) == cells


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("naïve 日本", "naïve 日本"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x7f", "␡"),
        ("\x9b31m", "\N{REPLACEMENT CHARACTER}31m"),
        ("abc\u202edef", "abc\N{REPLACEMENT CHARACTER}def"),
        ("half \ud83d", "half \N{REPLACEMENT CHARACTER}"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_what_would_steer_a_terminal_is_made_visible(text: str, shown: str) -> None:
    """Escape sequences, line breaks, halves of characters and marks of direction become signs."""
    assert visible(text) == shown


def test_a_tab_reaches_to_the_next_stop() -> None:
    """A tab fills up to the next multiple of four cells, from where it stands."""
    assert glyphs_of("\ta\tb日\tc") == ["    ", "a", "   ", "b", "日", " ", "c"]


@pytest.mark.parametrize(
    ("text", "cells", "shown"),
    [("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("日本語", 5, "日本…"), ("日本語", 4, "日…")],
)
def test_a_long_text_is_clipped(text: str, cells: int, shown: str) -> None:
    """A text that takes too many cells ends in an ellipsis and never takes more."""
    assert clipped(text, cells) == shown
