"""Texts that hold some patterns, avoid others and have a given size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice, product

from policy_engine.analyzer.cells import Span
from policy_engine.compiler.pattern import searcher
from policy_engine.compiler.specimens import specimens
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
    for parts in (*((seed,) for seed in wish.seeds), *_bases(wish)):
        for text in _sized(parts, wish):
            if text not in seen and wish.is_met(text):
                seen.add(text)
                yield text


def _bases(wish: Wish) -> Iterator[tuple[str, ...]]:
    """Pieces that hold the patterns, in an order in which they may stand."""
    options = [list(islice(specimens(pattern), _VARIANTS)) for pattern in wish.found]
    if not all(options):
        return
    if not options:
        yield from (("Hello",), ("x",), ("0",), ("日",), (".",))
        return
    for parts in islice(product(*options), 40):
        yield parts
        if len(parts) > 1:
            yield tuple(reversed(parts))
            yield from ((part,) for part in parts)


def _sized(parts: tuple[str, ...], wish: Wish) -> Iterator[str]:
    """The pieces joined, and made long enough behind, before or between them."""
    base = " ".join(parts)
    yield base
    if len(parts) > 1:
        yield "\n".join(parts)
    for filler in _FILLERS if wish.sizes else ():
        for ahead, behind in ((base, ""), ("", base), (parts[0], " ".join(parts[1:]))):
            text = _padded(ahead, filler, wish, behind=behind)
            if text is not None:
                yield text


def _padded(ahead: str, filler: str, wish: Wish, *, behind: str) -> str | None:
    """Two texts with so much between them that they are long enough together."""
    whole = f"{ahead} {behind}" if ahead and behind else ahead + behind
    short = {name: (wish.sizes.get(name, _OPEN)[0] or 0) - measure(whole) for name, measure in _MEASURES.items()}
    added = "\n" * max(0, int(short["lines"]))
    if short["words"] > 0:
        added += " x" * int(short["words"])
    missing = int(short["chars"]) - len(added)
    if missing > LONGEST:
        return None
    if missing > 0:
        added += (" " + filler * (missing // len(filler) + 1))[:missing]
    return f"{ahead}{added} {behind}" if behind else ahead + added


_OPEN: Span = (None, None)


def _within(number: float, span: Span) -> bool:
    return (span[0] is None or number >= span[0]) and (span[1] is None or number < span[1])


_MEASURES: dict[str, Callable[[str], int]] = {"chars": len, "words": count_words, "lines": count_lines}


@lru_cache(maxsize=4096)
def search_of(pattern: str) -> Callable[[str], bool | None]:
    """Whether a pattern is in a text, compiled once."""
    return searcher((pattern,))
