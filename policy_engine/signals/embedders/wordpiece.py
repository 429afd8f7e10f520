"""BERT's word pieces: a text cut into the units that a transformer reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_UNKNOWN: Final = "[UNK]"
_FIRST: Final = "[CLS]"
_LAST: Final = "[SEP]"
_LONGEST_WORD: Final = 100
_CHARS_PER_TOKEN: Final = 64
"""A bound on the text that is looked at, far above what any text needs per token."""

# What BERT takes for a CJK character, each of which is a word by itself.
_CJK: Final = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPiece:
    """
    Token ids of texts, as BERT's own tokenizer gives them.

    Args:
        vocabulary: the pieces, by id; those that continue a word begin with `##`.
        max_tokens: the longest sequence, its two marks included.
        lower_case: whether to fold case and drop accents.
    """

    def __init__(self, vocabulary: Sequence[str], *, max_tokens: int, lower_case: bool) -> None:
        self._ids = {piece: id for id, piece in enumerate(vocabulary)}
        self._unknown = self._ids.get(_UNKNOWN, 0)
        self._first = self._ids.get(_FIRST, 0)
        self._last = self._ids.get(_LAST, 0)
        self._max_tokens = max_tokens
        self._lower_case = lower_case

    def ids(self, text: str) -> list[int]:
        """The ids of a text, between its marks; what is too long is cut off."""
        room = self._max_tokens - 2
        ids: list[int] = []
        for word in self._words(text[: self._max_tokens * _CHARS_PER_TOKEN]):
            ids += self._pieces(word)
            if len(ids) >= room:
                break
        return [self._first, *ids[:room], self._last]

    def _words(self, text: str) -> Iterator[str]:
        """Runs of letters and digits, and each punctuation mark by itself."""
        text = "".join(map(_cleaned, text))
        if self._lower_case:
            folded = unicodedata.normalize("NFD", text).lower()
            text = "".join(char for char in folded if unicodedata.category(char) != "Mn")
        for run in text.split():
            word = ""
            for char in run:
                if not _is_punctuation(char):
                    word += char
                    continue
                if word:
                    yield word
                word = ""
                yield char
            if word:
                yield word

    def _pieces(self, word: str) -> list[int]:
        """The longest known pieces from the left; one unknown for a word that has other parts."""
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        pieces = []
        begin = 0
        while begin < len(word):
            mark = "##" if begin else ""
            end = len(word)
            while end > begin and mark + word[begin:end] not in self._ids:
                end -= 1
            if end == begin:
                return [self._unknown]
            pieces.append(self._ids[mark + word[begin:end]])
            begin = end
        return pieces


def _cleaned(char: str) -> str:
    """A character without what BERT drops; white space as a space, a CJK character set apart."""
    if char in " \t\n\r":
        return " "
    code = ord(char)
    if code < 0x7F and code >= 0x20:
        return char
    if code in (0, 0xFFFD) or unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return ""
    if unicodedata.category(char) == "Zs":
        return " "
    return f" {char} " if any(first <= code <= last for first, last in _CJK) else char


def _is_punctuation(char: str) -> bool:
    code = ord(char)
    if code < 0x80:
        return 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    return unicodedata.category(char).startswith("P")
