"""Names: one person, place, product or identifier against another, and two of them changing places."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from policy_engine.signals.guards.known_names import KNOWN, OPENERS
from policy_engine.signals.guards.words import FUNCTION_WORDS, Change, Pair, Text, Word

CLOSE: Final = 0.6
"""How close texts are where a name in the place of another is the point of the difference."""

MOST_CHANGES: Final = 2
"""In how many places texts may differ for that."""

_IDENTIFIER: Final = re.compile(
    r"[^\W\d_]{2,}[._:@]\S*[^\W_].*|\w*_\w+|(?=.*\d)(?=.*[^\W\d_])[\w.-]+|@\w+|\#\w+|https?://.+|\S+@\S+\.\S+"
)
_INNER_CAPITAL: Final = re.compile(r"[^\W\d_]+[A-Z]\w*")
_CONTRACTED: Final = ("n't", "'ll", "'d", "'ve", "'re", "'m")
_LONGEST_NAME: Final = 3
_LONGEST_WORD: Final = 80
_LINKS: Final = frozenset(("and", "or", "vs", "versus", "&", "/", "und", "et", "y"))


def veto(pair: Pair) -> str | None:
    """Why one text's answer is wrong for the other: they name another thing; None if that is not so."""
    missing, extra = _missing(pair.asked, pair.kept), _missing(pair.kept, pair.asked)
    if missing and extra:
        return f"`{missing[0]}` against `{extra[0]}`"
    if len(pair.changes) > MOST_CHANGES:
        return None
    swapped = _swapped(pair.asked, pair.kept)
    if swapped is not None or not (pair.closeness >= CLOSE or _is_one_word(pair)):
        return swapped
    return next(filter(None, map(_replaced, pair.changes)), None)


def is_name(word: Word, text: Text) -> bool:
    """Whether a word names something, by how it is written."""
    look = word.note("name", _look)
    return look is _Look.NAME or (look is _Look.CAPITAL and text.is_cased)


def tells(word: Word) -> bool:
    """Whether the guard looks at a word wherever it stands."""
    return word.plain in KNOWN or word.note("name", _look) is not _Look.OTHER or _opens(word)


class _Look(Enum):
    """How a word is written: as only a name is, with a capital that may make it one, or as other words are."""

    NAME = 1
    CAPITAL = 2
    OTHER = 3


def _look(word: Word) -> _Look:
    if word.plain in FUNCTION_WORDS or word.plain.endswith(_CONTRACTED) or not 1 < len(word.plain) <= _LONGEST_WORD:
        return _Look.OTHER
    if word.is_quoted or _IDENTIFIER.fullmatch(word.written) or _INNER_CAPITAL.fullmatch(word.written):
        return _Look.NAME
    if not word.written[0].isupper() or word.plain in OPENERS or word.stem in OPENERS:
        return _Look.OTHER
    return _Look.OTHER if word.begins and not (len(word.written) > 1 and word.written.isupper()) else _Look.CAPITAL


def _names(text: Text) -> tuple[Word, ...]:
    telling = [word for word in text.words if not (word.written.isalpha() and word.written.islower())]
    return tuple([word for word in telling if is_name(word, text)])


def _is_one_word(pair: Pair) -> bool:
    """Whether a single word stands in the place of another, however short the texts are."""
    return len(pair.changes) == 1 and len(pair.changes[0].asked) == len(pair.changes[0].kept) == 1


def _missing(text: Text, other: Text) -> list[str]:
    """Names of one text of which another has nothing, in whatever case or form."""
    names = [word for word in text.note("names", _names) if word.stem not in other.stems]
    if not names:
        return []
    joined = "".join(word.plain for word in other.words)
    initials, own = _initials(other), _initials(text)
    initialisms = {word.plain for word in other.words if word.written.isupper() and len(word.written) > 1}
    spelled = tuple(short for short in initialisms if short in own)
    return [
        name.plain
        for name in names
        if name.plain not in joined
        and not (name.written.isupper() and name.plain in initials)
        and not any(name.plain[0] in short for short in spelled)
    ]


def _initials(text: Text) -> str:
    """The first letters of the words that say something, among which a name's short form is found."""
    return "".join(word.plain[0] for word in text.words if word.plain and word.plain not in FUNCTION_WORDS)


def _replaced(change: Change) -> str | None:
    """A name in the place of a name, also where it is written small or opens a sentence."""
    first, second = (_content(side) for side in (change.asked, change.kept))
    if not first or not second or max(len(first), len(second)) > _LONGEST_NAME:
        return None
    one, other = _specific(first), _specific(second)
    if one is None or other is None or _is_variant(one, other):
        return None
    return f"`{one.plain}` against `{other.plain}`"


def _content(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(word for word in words if word.plain not in FUNCTION_WORDS)


def _specific(words: tuple[Word, ...]) -> Word | None:
    """The word that names something, if one does."""
    return next((word for word in words if word.plain in KNOWN or _opens(word)), None)


def _opens(word: Word) -> bool:
    """Whether a word opens a sentence as only a name does."""
    is_capital = word.begins and word.written[0].isupper() and not word.plain.endswith(_CONTRACTED)
    return is_capital and word.plain not in OPENERS and word.stem not in OPENERS


def _is_variant(one: Word, other: Word) -> bool:
    """Whether two words are forms or misspellings of one."""
    if one.stem == other.stem or (one.plain in KNOWN) is not (other.plain in KNOWN):
        return True
    if one.plain in KNOWN and other.plain in KNOWN:
        return False
    shorter, longer = sorted((one.plain, other.plain), key=len)
    shared = next((at for at, char in enumerate(shorter) if char != longer[at]), len(shorter))
    return shared >= max(4, len(longer) // 2)


def _swapped(asked: Text, kept: Text) -> str | None:
    """Words that have changed places in otherwise equal texts, unless they only stand in a list."""
    first, second = asked.order, kept.order
    if len(first) != len(second):
        return None
    apart = [at for at, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
    if not apart:
        return None
    one, other = first[apart[0] : apart[-1] + 1], second[apart[0] : apart[-1] + 1]
    for ahead in range(1, _LONGEST_NAME + 1):
        for behind in range(1, _LONGEST_NAME + 1):
            between = one[ahead:-behind]
            if other != (*one[-behind:], *between, *one[:ahead]) or all(word in _LINKS for word in between):
                continue
            return f"`{' '.join(one[:ahead])}` and `{' '.join(one[-behind:])}` have changed places"
    return None
