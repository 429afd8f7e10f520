"""Plain text tables."""

from policy_engine.cli.render.style import Style
from policy_engine.cli.render.table import Column, render_table

COLUMNS = (Column(title="rule", elastic=True), Column(title="requests", right=True))


def test_columns_are_as_wide_as_they_must_be() -> None:
    """Texts stand to the left, numbers to the right, and no line ends in space."""
    assert render_table(COLUMNS, [("short", "12"), ("(default)", "1,003")]) == (
        "rule       requests\nshort            12\n(default)     1,003"
    )


def test_wide_characters_keep_columns_straight() -> None:
    """Columns are counted in cells."""
    assert render_table(COLUMNS, [("日本", "1"), ("abcd", "2")]) == ("rule  requests\n日本         1\nabcd         2")


def test_a_narrow_terminal_clips_elastic_columns() -> None:
    """What does not fit is taken from the columns that may lose it, but not beyond reading."""
    rows = [("a-very-long-name-of-a-rule", "1")]

    assert render_table(COLUMNS, rows, width=20) == "rule        requests\na-very-lo…         1"
    assert render_table(COLUMNS, rows, width=5) == "rule    requests\na-ver…         1"


def test_cells_cannot_steer_the_terminal() -> None:
    """Names of requests are strangers' text and stay on their line."""
    assert render_table((Column(title="id"),), [("a\nb\x1b",)]) == "id\na␊b␛"


def test_titles_are_dimmed_in_colour() -> None:
    """In colour the titles step back."""
    assert render_table((Column(title="id"),), [("a",)], style=Style(coloured=True)) == "\x1b[2mid\x1b[0m\na"
