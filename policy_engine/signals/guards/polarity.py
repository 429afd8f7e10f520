"""Polarity: yes against no, with against without, on against off."""

from __future__ import annotations

from typing import Final

from policy_engine.signals.guards.opposites import opposites
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
_WAYS: Final = (frozenset(("from", "to")), frozenset(("from", "into")))
_ASKING: Final = frozenset(("know", "sure", "certain"))  # `I don't know how` asks, and negates nothing
_NEGATING: Final = ("n't", "-free", "-less")
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
    if not is_negated(pair) or _makes_up(pair):
        return None
    return f"`{(_negations(pair.asked) or _negations(pair.kept))[0]}` in one only"


def _makes_up(pair: Pair) -> bool:
    """Whether a negation stands beside an opposite (`don't forget` for `remember`), which says the same again."""
    return any(not (_negates(one.plain) or _negates(other.plain)) for one, other in opposites(pair))


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
    places = [at for at, plain in enumerate(text.order) if _negates(plain)]
    return [text.order[at] for at in places if _ASKING.isdisjoint(text.order[at + 1 : at + 2])]


def _negates(plain: str) -> bool:
    return plain in _NEGATIONS or plain.endswith(_NEGATING)


def reversed_in(change: Change) -> str | None:
    """A word against itself with a prefix or another ending, such as `lock` and `unlock`, or `from` against `to`."""
    if len(change.asked) == len(change.kept) == 1:
        one, other = change.asked[0], change.kept[0]
        if {one.plain, other.plain} in _WAYS:
            return f"`{one.plain}` against `{other.plain}`"
    for one in change.asked:
        for other in change.kept:
            for base, longer in ((one, other), (other, one)):
                if _is_reverse(base, longer):
                    return f"`{one.plain}` against `{other.plain}`"
    return None


def _is_reverse(word: Word, reverse: Word) -> bool:
    base = word.stem
    if len(base) >= _SHORTEST and any(reverse.stem == prefix + base for prefix in _PREFIXES):
        return True
    without = reverse.plain.removesuffix("less")
    return without != reverse.plain and len(without) >= _SHORTEST and word.plain in (without, without + "ful")
