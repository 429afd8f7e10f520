"""Polarity: yes against no, with against without, on against off."""

from __future__ import annotations

from typing import Final

from policy_engine.signals.guards.opposites import opposite
from policy_engine.signals.guards.words import Change, Pair, Text, Word

CLOSE: Final = 0.5
"""How close texts are where `on` against `off` is the difference, and not two ways to say the same."""

VERY_CLOSE: Final = 0.7
MOST_APART: Final = 6
FEW_APART: Final = 3
"""
How close texts are, and how many of their words are apart, where a negation more or less is the difference: other
words (`omits` for `does not have`) can make up for it. Texts with few words apart may be less close.
"""

_NEGATIONS: Final = frozenset(
    """
    not no never none nothing nobody nowhere neither nor without cannot cant can't don't dont doesn't doesnt didn't
    didnt won't wont isn't isnt aren't arent wasn't wasnt weren't werent hasn't hasnt haven't havent hadn't couldn't
    couldnt shouldn't shouldnt wouldn't wouldnt mustn't unable ain't aint except excluding lack lacks lacking
    absence avoid avoids avoiding fail fails failed failing nicht kein keine ohne nie
    pas sans jamais sin nunca senza mai não sem
    """.split()
)
_SWITCHES: Final = (("on", "off"), ("with", "without"), ("include", "exclude"), ("including", "excluding"))
_SWITCHED: Final = frozenset(word for switch in _SWITCHES for word in switch)
_PREFIXES: Final = ("un", "in", "im", "dis", "non", "non-", "de", "mis", "il", "ir")
_SHORTEST: Final = 3


def veto(pair: Pair) -> str | None:
    """Why one text's answer is wrong for the other: one says the opposite; None if that is not so."""
    if pair.closeness < CLOSE:
        return None
    for one, other in _SWITCHES if pair.asked.plain & _SWITCHED else ():
        for yes, no in ((one, other), (other, one)):
            if _only(yes, no, pair.asked) and _only(no, yes, pair.kept):
                return f"`{yes}` against `{no}`"
    reversed = next(filter(None, map(reversed_in, pair.changes)), None)
    most = MOST_APART if pair.closeness >= VERY_CLOSE else FEW_APART
    if reversed is not None or pair.apart > most:
        return reversed
    # A negation beside an opposite (`don't forget` for `remember`) says the same again.
    if not is_negated(pair) or opposite(pair) is not None:
        return None
    return f"`{(_negations(pair.asked) or _negations(pair.kept))[0]}` in one only"


def is_negated(pair: Pair) -> bool:
    """Whether one text has a negation more than the other, twice being none."""
    return (len(_negations(pair.asked)) - len(_negations(pair.kept))) % 2 == 1


def tells(word: Word) -> bool:
    """Whether the guard looks at a word wherever it stands."""
    return word.plain in _SWITCHED or _negates(word.plain)


def _only(word: str, without: str, text: Text) -> bool:
    return word in text.plain and without not in text.plain


def _negations(text: Text) -> list[str]:
    return text.note("negations", _negations_of)


def _negations_of(text: Text) -> list[str]:
    return [plain for plain in text.order if _negates(plain)]


def _negates(plain: str) -> bool:
    return plain in _NEGATIONS or plain.endswith("n't")


def reversed_in(change: Change) -> str | None:
    """A word against itself with a prefix, such as `lock` and `unlock`."""
    for one in change.asked:
        for other in change.kept:
            for base, longer in ((one.stem, other.stem), (other.stem, one.stem)):
                if len(base) >= _SHORTEST and any(longer == prefix + base for prefix in _PREFIXES):
                    return f"`{one.plain}` against `{other.plain}`"
    return None
