"""Finding values in a text."""

from __future__ import annotations

import pytest

from policy_engine.diagnostics import Key, Part, Position
from policy_engine.loader.locate import Locator, locate

TEXT = """\
# the first line
version: 1
rules:
  - name: a          # a comment
    when: {message: {matches: 'it''s'}}
    then:
      route: fast
  -   name: b
tasks: [x, yy]
long: >-
  folded
  text
"""


@pytest.mark.parametrize(
    ("keys", "part", "start", "end"),
    [
        ((), Part.VALUE, (2, 1), (2, 11)),
        (("version",), Part.VALUE, (2, 10), (2, 11)),
        (("version",), Part.KEY, (2, 1), (2, 8)),
        (("rules",), Part.KEY, (3, 1), (3, 6)),
        (("rules", 0), Part.VALUE, (4, 5), (4, 33)),
        (("rules", 0), Part.KEY, (4, 5), (4, 33)),
        (("rules", 0, "name"), Part.VALUE, (4, 11), (4, 12)),
        (("rules", 0, "when", "message"), Part.VALUE, (5, 21), (5, 39)),
        (("rules", 0, "then"), Part.VALUE, (7, 7), (7, 18)),
        (("rules", 1, "name"), Part.KEY, (8, 7), (8, 11)),
        (("tasks", 1), Part.VALUE, (9, 12), (9, 14)),
        (("long",), Part.VALUE, (10, 7), (10, 9)),
    ],
)
def test_a_path_leads_to_its_place(
    keys: tuple[Key, ...], part: Part, start: tuple[int, int], end: tuple[int, int]
) -> None:
    """A key or value is found by its path; of a value on several lines, the first counts."""
    assert locate(TEXT, keys, part) == (Position(*start), Position(*end))


@pytest.mark.parametrize(
    ("keys", "start", "end"),
    [
        (("zone",), (2, 1), (2, 11)),
        (("rules", 0, "then", "respond", "text"), (6, 5), (6, 9)),
        (("rules", 1, "then"), (8, 7), (8, 14)),
        (("rules", 7), (3, 1), (3, 6)),
        (("version", "x"), (2, 1), (2, 8)),
        (("tasks", "x"), (9, 1), (9, 6)),
    ],
)
def test_what_is_missing_is_found_by_what_should_hold_it(
    keys: tuple[Key, ...], start: tuple[int, int], end: tuple[int, int]
) -> None:
    """A path that does not exist leads to its nearest ancestor: its key, or its first line if it has none."""
    assert locate(TEXT, keys, Part.VALUE) == (Position(*start), Position(*end))


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n"])
def test_an_empty_text_has_one_place(text: str) -> None:
    """Where there is nothing to find, the beginning is found."""
    assert locate(text, ("a", 1)) == (Position(1, 1), Position(1, 1))


@pytest.mark.parametrize(
    ("text", "within", "columns"),
    [
        ("k: abc def", (4, 7), (8, 11)),
        ("k: 'abc def'", (4, 7), (9, 12)),
        ("k: 'it''s x'", (5, 6), (11, 12)),
        ("k: 'it''s x'", (2, 3), (7, 9)),
        (r'k: "a\\b\u00e9 x"', (5, 6), (16, 17)),
        ("k: [é, 'b']", (0, 1), (4, 12)),
        ("k: &a abc", (1, 2), (4, 10)),
        ("k: abc", (1, 9), (4, 7)),
        ("k: abc", (2, 1), (4, 7)),
    ],
)
def test_a_part_of_a_value_is_found(text: str, within: tuple[int, int], columns: tuple[int, int]) -> None:
    """Offsets into a scalar's value become columns, quotes and escapes counted; the whole value if not certain."""
    expected = (Position(1, columns[0]), Position(1, columns[1]))

    assert Locator(text).place(("k",), within=within) == expected


@pytest.mark.parametrize(
    ("text", "within", "start", "end"),
    [
        ("k: |\n  abc\n  def\n", (5, 7), (3, 4), (3, 6)),
        ("k: |\n\n    abc\n", (2, 3), (3, 6), (3, 7)),
        ("k: >\n  abc def\n", (4, 7), (2, 7), (2, 10)),
        ("k: >\n  abc\n  def\n", (4, 7), (1, 4), (1, 5)),
        ("k: |\n  abc\n  def\n", (2, 6), (1, 4), (1, 5)),
        ("k: 'abc\n  def'\n", (4, 7), (1, 4), (1, 8)),
    ],
)
def test_a_part_of_a_block_is_found_on_its_line(
    text: str, within: tuple[int, int], start: tuple[int, int], end: tuple[int, int]
) -> None:
    """In block style offsets lead to the line they are on; what spans lines or is folded falls back to the value."""
    assert Locator(text).place(("k",), within=within) == (Position(*start), Position(*end))


def test_items_left_out_of_the_data_do_not_count() -> None:
    """Indexes are those of the data, from which some items of the text may be missing."""
    locator = Locator("[a, ~, b]", frozenset({4}))

    assert locator.place((1,)) == (Position(1, 8), Position(1, 9))


def test_an_alias_is_found_where_it_stands_and_its_parts_at_the_anchor() -> None:
    """An alias has a place of its own; what it holds is written at the anchor."""
    locator = Locator("a: &x {b: 1}\nc: *x\n")

    assert locator.place(("c",)) == (Position(2, 4), Position(2, 6))
    assert locator.place(("c", "b")) == (Position(1, 11), Position(1, 12))


def test_a_broken_text_is_found_up_to_where_it_breaks() -> None:
    """What stands before a syntax error can still be pointed at."""
    assert locate("a: 1\nb: [\n", ("a",)) == (Position(1, 4), Position(1, 5))


def test_columns_count_code_points() -> None:
    """Neither bytes nor halves of characters count, and carriage returns belong to the line break."""
    assert locate("é: 1\r\n😀: ü\r\n", ("😀",)) == (Position(2, 4), Position(2, 5))
