"""Differences to which no guard objects: words more, fewer or others that tell nothing, beside none that does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from policy_engine.signals.guards import dates, names, numbers, opposites, polarity, units
from policy_engine.signals.guards.words import MAX_WORDS, Change, Pair, Text, Word, shared, word

_TELL = (numbers.tells, units.tells, dates.tells, polarity.tells, opposites.tells, names.tells)

_REMEMBERED: Final = 16_384
_ONE_WORD: Final = re.compile(r"([a-zA-Z]+(?:'[a-zA-Z]+)*)[.,!?;:]*")


def is_trifling_at_sight(asked: str, kept: str) -> bool:
    """
    Whether two texts differ by few enough words to see without reading them that no guard objects.

    False says nothing: most paraphrases take a closer look, and so does any difference beside a number or a name.

    INVARIANT: where this is true, every guard gives None. The words that differ, and those beside them, stand between
    plain spaces, and no guard has anything to say of them, whether or not they begin a sentence. So the rest, which is
    written the same on both sides, is also read the same: what differs is part of no number, address or other word.
    A first letter and the marks at the end may differ besides.
    """
    one, other = _between_spaces(asked), _between_spaces(kept)
    if _differ_in_case(one[0], other[0]):
        other[0] = one[0]
    begin, end = shared(one, other)
    after = len(one) - end
    around = [_quiet(written) for written in (*one[max(0, begin - 1) : begin], *one[after : after + 1])]
    more = [_quiet(written) for written in one[begin:after]]
    fewer = [_quiet(written) for written in other[begin : len(other) - end]]
    changed = (*more, *fewer)
    if not changed:
        return True
    if None in around or None in changed or not set(changed).isdisjoint(around):
        return False
    return not (more and fewer and _crosses((Change(asked=_words(more), kept=_words(fewer)),)))


def is_trifling(pair: Pair) -> bool:
    """
    Whether it is plain that no guard objects; False where that takes a closer look.

    INVARIANT: where this is true, every guard gives None. What tells something is then the same in both texts, in the
    same order and with the same neighbours, which is all that guards look at besides words that changed.
    """
    asked, kept = pair.asked, pair.kept
    if asked.note("telling", _telling) != kept.note("telling", _telling):
        return False
    if max(len(asked.words), len(kept.words)) > MAX_WORDS:
        return False
    around = [
        word
        for code, a, b, c, d in pair.steps
        if code != "equal"
        for word in (*asked.words[max(0, a - 1) : b + 1], *kept.words[max(0, c - 1) : d + 1])
    ]
    return not any(word.note("tells", _tells) for word in around) and not _crosses(pair.changes)


def _between_spaces(text: str) -> list[str]:
    """The pieces of a text; marks that end it are left out where they end a word, and not an address or the like."""
    pieces = text.split(" ")
    last = pieces[-1].rstrip(".!?")
    if last.isalnum():
        pieces[-1] = last
    return pieces


def _differ_in_case(one: str, other: str) -> bool:
    """Whether that is all, and tells nothing, where both begin a text."""
    is_all = one != other and one.lower() == other.lower()
    return is_all and _quiet(one) is not None and _quiet(other) is not None


@lru_cache(maxsize=_REMEMBERED)
def _quiet(written: str) -> str | None:
    """The plain form of one word with no more than marks behind it, if no guard looks at it; None otherwise."""
    match = _ONE_WORD.fullmatch(written)
    if match is None:
        return None
    readings = [word(match[1], begins=begins) for begins in (True, False)]
    return None if any(reading.note("tells", _tells) for reading in readings) else readings[0].plain


def _words(plain: Iterable[str | None]) -> tuple[Word, ...]:
    return tuple([word(one, begins=False) for one in plain if one is not None])


def _crosses(changes: tuple[Change, ...]) -> bool:
    """Whether a word has moved, or stands in the place of its own reverse."""
    gone = {word.plain for change in changes for word in change.kept}
    if any(word.plain in gone for change in changes for word in change.asked):
        return True
    return any(polarity.reversed_in(change) is not None for change in changes)


def _telling(text: Text) -> tuple[Word, ...]:
    return tuple([word for word in text.words if word.note("tells", _tells)])


def _tells(word: Word) -> bool:
    return any(tell(word) for tell in _TELL)
