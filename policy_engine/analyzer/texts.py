"""Texts that hold some patterns, avoid others and have a given size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice, product

from policy_engine.analyzer.cells import Span
from policy_engine.analyzer.specimens import specimens
from policy_engine.compiler.pattern import searcher
from policy_engine.model.texts import count_lines, count_words

LONGEST = 300_000
"""Characters of the longest text that is made."""

_VARIANTS = 3
_FILLERS = ("word ", "x ", "日 ", " ", "x", "0", "日", "\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    What a text is to be like.

    `found` and `avoided` are patterns; `chars`, `words` and `lines` are ranges (least, below), None being open.
    `seeds` are texts to try first.
    """

    found: tuple[str, ...] = ()
    avoided: tuple[str, ...] = ()
    sizes: dict[str, Span] = field(default_factory=dict)
    seeds: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether any text will do."""
        return not (self.found or self.avoided or self.sizes)

    def without(self, found: Sequence[str]) -> Wish:
        """The same, some patterns being found elsewhere."""
        return replace(self, found=tuple(one for one in self.found if one not in found))

    def is_met(self, text: str) -> bool:
        """Whether a text is like that."""
        if any(not _within(_MEASURES[name](text), span) for name, span in self.sizes.items()):
            return False
        return all(search_of(one)(text) is True for one in self.found) and not any(
            search_of(one)(text) for one in self.avoided
        )


def texts(wish: Wish) -> Iterator[str]:
    """Texts that are as wished, plain ones first."""
    seen: set[str] = set()
    for base in (*wish.seeds, *_bases(wish)):
        for text in _sized(base, wish):
            if text not in seen and wish.is_met(text):
                seen.add(text)
                yield text


def _bases(wish: Wish) -> Iterator[str]:
    options = [list(islice(specimens(pattern), _VARIANTS)) for pattern in wish.found]
    if not all(options):
        return
    if not options:
        yield from ("Hello", "x", "0", "日", ".")
        return
    for number, parts in enumerate(product(*options)):
        if number > 40:
            return
        yield from dict.fromkeys((" ".join(parts), " ".join(reversed(parts)), "\n".join(parts), *parts))


def _sized(base: str, wish: Wish) -> Iterator[str]:
    yield base
    if not wish.sizes:
        return
    for filler in _FILLERS:
        text = _padded(base, filler, wish)
        if text is not None:
            yield text
            yield _padded("", filler, wish, behind=base) or text


def _padded(base: str, filler: str, wish: Wish, *, behind: str = "") -> str | None:
    """The text made long enough by a filler put after it, or before what stands behind."""
    whole = base + behind
    short = {name: (wish.sizes.get(name, (None, None))[0] or 0) - _MEASURES[name](whole) for name in _MEASURES}
    added = "\n" * max(0, int(short["lines"]))
    if short["words"] > 0:
        added += " x" * int(short["words"])
    missing = int(short["chars"]) - len(added)
    if missing > LONGEST:
        return None
    if missing > 0:
        added += (" " + filler * (missing // len(filler) + 1))[:missing]
    return base + added + (" " + behind if behind and added else behind) if behind else base + added


def _within(number: float, span: Span) -> bool:
    return (span[0] is None or number >= span[0]) and (span[1] is None or number < span[1])


_MEASURES: dict[str, Callable[[str], int]] = {"chars": len, "words": count_words, "lines": count_lines}


@lru_cache(maxsize=4096)
def search_of(pattern: str) -> Callable[[str], bool | None]:
    """Whether a pattern is in a text, compiled once."""
    return searcher((pattern,))
