"""Offsets of a scalar's characters in its source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.loader.quoting import offsets_in_source


@pytest.mark.parametrize(
    ("source", "value", "offsets"),
    [
        ("abc", "abc", (0, 1, 2, 3)),
        ("''", "", (1,)),
        ("'a''b'", "a'b", (1, 2, 4, 5)),
        (r'"a\nb"', "a\nb", (1, 2, 4, 5)),
        (r'"\U0001F600\x41"', "😀A", (1, 11, 15)),
        ("&x abc", "abc", None),
        ("'a\n b'", "a b", None),
        ("'", "", None),
        ("'ab", "a", None),
    ],
)
def test_each_character_has_its_offset(source: str, value: str, offsets: tuple[int, ...] | None) -> None:
    """Quotes and escapes are counted; there is nothing where the two do not fit."""
    assert offsets_in_source(source, value) == offsets


@given(st.text(st.characters(exclude_characters="\r\n")))
def test_single_quotes_keep_every_character_in_its_place(value: str) -> None:
    """In single quotes, the source at a character's offset is that character."""
    source = "'" + value.replace("'", "''") + "'"

    offsets = offsets_in_source(source, value)

    assert offsets is not None
    assert "".join(source[offset] for offset in offsets[:-1]) == value
