"""A text as guards see it: its words, what they are called plainly, and where two texts differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from typing import Any, Final, TypeVar

Found = TypeVar("Found")

MAX_WORDS: Final = 400
"""Texts of more words are not aligned word by word."""

_KNOWN_WORDS: Final = 16_384
_LONGEST_KNOWN: Final = 32

_IN_WORDS: Final = r"""
    `[^\W\d_][\w.-]*` | (?<!\w)["“][^\W\d_][\w-]*["”](?!\w)  # single words in quotation marks
    | (?:(?<![^\s(])-)?\d+(?:[.,:/-]\d+)*(?:st|nd|rd|th)?(?![^\W\d_])  # numbers, times and dates in digits
    | [^\W_]+(?:[-'’._/:][^\W_]+|_+[^\W_]*)*       # words and identifiers
    | [@\#_][\w.]+ | [°℃℉$€£¥₹%+*/×÷^<>=]         # handles and signs that change what is meant
    | (?<=\d\ )- | -(?=\ ?\d)                    # a minus
"""
_WORD: Final = re.compile(_IN_WORDS, re.VERBOSE)
_ADDRESS: Final = r"https?://\S+ | [\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"
_WORD_OR_ADDRESS: Final = re.compile(f"{_ADDRESS} | {_IN_WORDS}", re.VERBOSE)
_QUOTES: Final = '`"“”'
_END: Final = re.compile(r"[.!?:;\n\"“(\[]\s*$")
_ENDS: Final = frozenset('.!?:;\n"“([')

_ANSWER: Final = re.compile(r"((?:^|[.!?])\s*)(?:no|yes)[,.!]\s", re.IGNORECASE)

FUNCTION_WORDS: Final = frozenset(
    """
    a an the this that these those some any all each every it its he she they them we us i you me my your our their his
    her is are was were be been being am do does did done have has had having will would shall should can could may
    might must to of in on at by for with from into onto about as and or but if then than so such there here when where
    what which who whom whose why how please just also very really much many more most still already yet again now
    get got want need know like tell give make let go going im i'm i'd i've i'll it's that's what's
    """.split()
)
"""English words that say little of what a text is about."""


@dataclass(frozen=True)
class Word:
    """
    One word.

    Attributes:
        written: as it stands in the text.
        plain: in lower case, without accents and typographic marks.
        begins: whether it begins a sentence.
        noted: where guards keep what they have found out about it, since most words come again and again.
    """

    written: str
    plain: str
    begins: bool
    noted: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def note(self, name: str, find: Callable[[Word], Found]) -> Found:
        """What a guard finds out about the word alone, looked for once."""
        if name not in self.noted:
            self.noted[name] = find(self)
        found: Found = self.noted[name]
        return found

    @cached_property
    def is_quoted(self) -> bool:
        """Whether it stands in quotation marks by itself."""
        return self.written[0] in _QUOTES

    @cached_property
    def stem(self) -> str:
        """The word without the commonest endings, so that forms of one word are equal."""
        return stem(self.plain)


@dataclass(frozen=True)
class Text:
    """A text's words in order; `noted` is where guards keep what they have found out about it."""

    words: tuple[Word, ...]
    noted: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def note(self, name: str, find: Callable[[Text], Found]) -> Found:
        """What a guard finds out about the text, looked for once."""
        if name not in self.noted:
            self.noted[name] = find(self)
        found: Found = self.noted[name]
        return found

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The plain words in their order."""
        return tuple([word.plain for word in self.words])

    @cached_property
    def plain(self) -> frozenset[str]:
        """The plain words."""
        return frozenset(self.order)

    @cached_property
    def stems(self) -> frozenset[str]:
        """Stems of the words."""
        return frozenset([word.stem for word in self.words])

    @cached_property
    def is_cased(self) -> bool:
        """Whether capitals tell anything: not every word has one."""
        letters = [word for word in self.words if word.written[0].isalpha() and not word.begins]
        return len(letters) < 2 or not all(word.written[0].isupper() for word in letters)


@dataclass(frozen=True)
class Change:
    """Words of one text that stand where the other has different ones; either side may be empty."""

    asked: tuple[Word, ...]
    kept: tuple[Word, ...]


@dataclass(frozen=True)
class Pair:
    """Two texts, and how they differ."""

    asked: Text
    kept: Text

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Where they differ, by words; nothing where they are too long to be aligned."""
        return tuple(
            Change(asked=self.asked.words[a:b], kept=self.kept.words[c:d])
            for code, a, b, c, d in self.steps
            if code != "equal"
        )

    @cached_property
    def closeness(self) -> float:
        """Which share of their words is the same and in the same order, from 0 to 1; 0 for long texts."""
        if max(len(self.asked.words), len(self.kept.words)) > MAX_WORDS:
            return 0.0
        same = sum(b - a for code, a, b, _, _ in self.steps if code == "equal")
        together = len(self.asked.words) + len(self.kept.words)
        return 2 * same / together if together else 1.0

    @cached_property
    def apart(self) -> int:
        """How many of the words that differ, on both sides, say what the texts are about."""
        changed = (word for change in self.changes for word in (*change.asked, *change.kept))
        return sum(word.plain not in FUNCTION_WORDS for word in changed)

    @cached_property
    def steps(self) -> Sequence[tuple[str, int, int, int, int]]:
        """How to make the asked text the kept one, as `SequenceMatcher` tells it; nothing for long texts."""
        if max(len(self.asked.words), len(self.kept.words)) > MAX_WORDS:
            return []
        return _aligned(self.asked.order, self.kept.order)


def read(text: str) -> Text:
    """The words of a text."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    # A sentence may open with an answer (`No, it is not`), which adds nothing to what follows.
    if "," in plain or "." in plain or "!" in plain:
        plain = _ANSWER.sub(r"\1", plain)
    return Text(tuple(_words(plain)))


def word(written: str, *, begins: bool) -> Word:
    """A word by itself; words that are not very long are remembered."""
    return _known_word(written, begins) if len(written) <= _LONGEST_KNOWN else _new_word(written, begins)


def shared(first: Sequence[str], second: Sequence[str]) -> tuple[int, int]:
    """How many words two rows share at their beginning, and how many of the others at their end."""
    shorter = min(len(first), len(second))
    begin = 0
    while begin < shorter and first[begin] == second[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and first[-1 - end] == second[-1 - end]:
        end += 1
    return begin, end


def stem(word: str) -> str:
    """A word without the commonest English endings."""
    if len(word) > 3 and word.endswith("'s"):
        word = word[:-2]
    for ending, shortest in (("ing", 3), ("ied", 2), ("ies", 2), ("ed", 3), ("es", 3), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= shortest and not word.endswith("ss"):
            base = word[: -len(ending)]
            return base + "y" if ending in ("ied", "ies") else _single(base.rstrip("e"))
    return _single(word.rstrip("e")) if len(word) > 3 else word


def _single(base: str) -> str:
    """A stem without its last letter if that is doubled, as in `stopped`."""
    return base[:-1] if base[-1:] == base[-2:-1] and not base[-1:].isdigit() else base


def _words(text: str) -> Iterable[Word]:
    pattern = _WORD_OR_ADDRESS if "@" in text or "://" in text else _WORD  # looking for an address takes long
    if _ENDS.isdisjoint(text.rstrip(" .!?")):
        first, *others = pattern.findall(text) or ("",)
        return [word(first, begins=True), *[word(written, begins=False) for written in others]] if first else ()
    return _words_of_sentences(text, pattern)


def _words_of_sentences(text: str, pattern: re.Pattern[str]) -> Iterator[Word]:
    end = 0
    begins = True
    for match in pattern.finditer(text):
        between = text[end : match.start()]
        begins = begins or (between != " " and _END.search(between) is not None)
        yield word(match[0], begins=begins)
        begins = False
        end = match.end()


@lru_cache(maxsize=_KNOWN_WORDS)
def _known_word(written: str, begins: bool) -> Word:
    return _new_word(written, begins)


def _new_word(written: str, begins: bool) -> Word:
    return Word(written=written, plain=_plain(written), begins=begins)


def _aligned(first: Sequence[str], second: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    """How to make one row of words the other, as `SequenceMatcher` tells it, which is slow where it is not needed."""
    begin, end = shared(first, second)
    a, b = len(first) - end, len(second) - end
    if begin < a and begin < b and not frozenset(first[begin:a]).isdisjoint(second[begin:b]):
        return SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    kind = "replace" if begin < a and begin < b else "delete" if begin < a else "insert"
    steps = [("equal", 0, begin, 0, begin), (kind, begin, a, begin, b), ("equal", a, len(first), b, len(second))]
    return [step for step in steps if step[1] < step[2] or step[3] < step[4]]


def _plain(word: str) -> str:
    word = word.strip(_QUOTES)
    if word.isascii():
        return word.lower().rstrip(".,:/-'")
    folded = unicodedata.normalize("NFD", word.casefold())
    return "".join(char for char in folded if unicodedata.category(char) != "Mn").rstrip(".,:/-'")
