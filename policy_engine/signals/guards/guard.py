"""All guards together: whether a kept text's answer may be given to another text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from policy_engine.signals.guards import antonyms, dates, names, numbers, polarity, units
from policy_engine.signals.guards.trifles import is_trifling, is_trifling_at_sight
from policy_engine.signals.guards.words import Pair, Text, read

GUARDS: Final[Mapping[str, Callable[[Pair], str | None]]] = {
    "numbers": numbers.veto,
    "units": units.veto,
    "dates": dates.veto,
    "polarity": polarity.veto,
    "antonyms": antonyms.veto,
    "names": names.veto,
}
"""Every guard, by the name that policies use, the cheap ones first."""

MAX_CHARS: Final = 20_000
"""How much of a text is looked at. Longer texts that are not equal up to there are compared by their beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto:
    """
    Why a similar text is no hit.

    Attributes:
        guard: which guard spoke.
        reason: the difference, in the words of the two texts.
    """

    guard: str
    reason: str


def read_beginning(text: str) -> Text:
    """A text as guards see it."""
    return read(text[:MAX_CHARS])


def veto(
    asked: str, kept: str, guards: Iterable[str] = GUARDS, *, read: Callable[[str], Text] = read_beginning
) -> Veto | None:
    """
    The first objection to answering one text with what was answered to another; None if there is none.

    Args:
        asked: the text that wants an answer.
        kept: the text whose answer there is.
        guards: names of those that are asked.
        read: gives what `read_beginning` gives, for whoever remembers it.
    """
    is_short = len(asked) <= MAX_CHARS and len(kept) <= MAX_CHARS
    if asked == kept or (is_short and is_trifling_at_sight(asked, kept)):
        return None
    return veto_between(read(asked), read(kept), guards)


def veto_between(asked: Text, kept: Text, guards: Iterable[str] = GUARDS) -> Veto | None:
    """The same for texts that have been read."""
    pair = Pair(asked, kept)
    if is_trifling(pair):
        return None
    for name in guards:
        reason = GUARDS[name](pair)
        if reason is not None:
            return Veto(guard=name, reason=reason)
    return None
