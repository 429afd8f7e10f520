"""How wide text is on a terminal, and how text by strangers is shown there without taking it over."""

from __future__ import annotations

import unicodedata

_TAB_STOP = 4
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_DELETE = "\N{SYMBOL FOR DELETE}"
# They reorder what stands around them, so that text would read as what it is not.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def cells_of(text: str) -> int:
    """How many terminal cells a text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def visible(text: str) -> str:
    """The text on one line, with a visible sign for every character that would steer a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_glyph, text))


def glyphs_of(line: str) -> list[str]:
    """What is shown for each character of a line; a tab reaches to the next of the columns 4, 8, 12…"""
    glyphs: list[str] = []
    column = 0
    for character in line:
        glyph = " " * (_TAB_STOP - column % _TAB_STOP) if character == "\t" else _glyph(character)
        glyphs.append(glyph)
        column += cells_of(glyph)
    return glyphs


def clipped(text: str, cells: int) -> str:
    """The text, its end replaced by `…` if it takes more than so many cells (at least one)."""
    if cells_of(text) <= cells:
        return text
    kept: list[str] = []
    used = 1
    for character in text:
        used += _cells(character)
        if used > cells:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def _glyph(character: str) -> str:
    if character.isprintable():
        return character
    if character < " ":
        return chr(0x2400 + ord(character))
    if character == "\x7f":
        return _DELETE
    harmless = character not in _BIDI and unicodedata.category(character) in ("Cf", "Zs")
    return character if harmless else _REPLACEMENT
