"""Antonyms: a word in the place of its opposite, such as sell for buy."""

from __future__ import annotations

from typing import Final

from policy_engine.signals.guards.opposites import opposite
from policy_engine.signals.guards.polarity import is_negated
from policy_engine.signals.guards.words import Pair

CLOSE: Final = 0.4
"""How close texts are where one word in the place of its opposite is the difference."""


def veto(pair: Pair) -> str | None:
    """Why one text's answer is wrong for the other: a word became its opposite; None if that is not so."""
    if pair.closeness < CLOSE or is_negated(pair):
        return None
    return opposite(pair)
