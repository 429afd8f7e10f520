"""The part of a line that is quoted."""

from hypothesis import given
from hypothesis import strategies as st

from policy_engine.cli.render.cells import cells_of
from policy_engine.cli.render.excerpt import Excerpt, excerpt

LINES = st.text(st.sampled_from("ab \t日é\x1b\u0301"), max_size=80)


def test_a_short_line_is_quoted_whole() -> None:
    """A line that fits is shown as it is, the span counted in cells."""
    assert excerpt("a: 日本 foo", 6, 9) == Excerpt(text="a: 日本 foo", indent=8, length=3)


def test_a_span_behind_the_end_is_one_cell_wide() -> None:
    """Where something is missing at the end of a line, one caret stands behind it."""
    assert excerpt("key:", 4, 4) == Excerpt(text="key:", indent=4, length=1)


def test_a_long_line_is_cut_on_both_sides() -> None:
    """Of a long line the span is shown with some of what stands before and after it."""
    line = "x" * 100 + "BAD" + "y" * 100

    assert excerpt(line, 100, 103, limit=32) == Excerpt(
        text="…" + "x" * 10 + "BAD" + "y" * 17 + "…", indent=11, length=3
    )


def test_at_the_end_of_a_long_line_more_is_shown_before() -> None:
    """Room that is not needed after the span goes to what stands before it."""
    line = "x" * 100 + "BAD"

    assert excerpt(line, 100, 103, limit=32) == Excerpt(text="…" + "x" * 27 + "BAD", indent=28, length=3)


def test_a_span_that_is_too_long_is_cut() -> None:
    """A span longer than the window is shown from its beginning."""
    assert excerpt("z" * 300, 0, 300, limit=24) == Excerpt(text="z" * 22 + "…", indent=0, length=22)


@given(line=LINES, start=st.integers(0, 90), size=st.integers(0, 90), limit=st.integers(24, 60))
def test_an_excerpt_fits_and_holds_its_span(line: str, start: int, size: int, limit: int) -> None:
    """Whatever the line and the span, the excerpt is no wider than asked and the carets begin inside it."""
    shown = excerpt(line, start, start + size, limit=limit)

    assert cells_of(shown.text) <= limit
    assert 0 <= shown.indent <= cells_of(shown.text)
    assert shown.length >= 1
    assert shown.indent + shown.length <= cells_of(shown.text) + 1


@given(line=LINES, start=st.integers(0, 80))
def test_what_fits_is_not_cut(line: str, start: int) -> None:
    """A line within the limit is shown to its end, whatever the span."""
    assert "…" not in excerpt(line, start, start + 1, limit=1000).text
