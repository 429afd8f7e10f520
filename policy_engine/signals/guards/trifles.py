"""Differences to which no guard objects: words more, fewer or others that tell nothing, beside none that does."""

from __future__ import annotations

from policy_engine.signals.guards import dates, names, numbers, opposites, polarity, units
from policy_engine.signals.guards.words import MAX_WORDS, Change, Pair, Text, Word

_TELL = (numbers.tells, units.tells, dates.tells, polarity.tells, opposites.tells, names.tells)


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
