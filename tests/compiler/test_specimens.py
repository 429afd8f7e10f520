"""Tests of texts made from patterns."""

from __future__ import annotations

import pytest

from policy_engine.compiler.pattern import phrase_pattern, searcher
from policy_engine.compiler.specimens import specimens

PATTERNS = (
    r"(?i)\b(?:opening|business) hours\b",
    r"\b[3-6]\d{3}(?:[ -]?\d{4}){3}\b",
    r"(?i)\b[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}\b",
    r"(?i)\b(?:ignore|forget)\b.{0,40}\b(?:all|your)\b.{0,30}\b(?:rules|prompts?)\b",
    r"[\p{Han}\p{Thai}]",
    r"[^\x00-\x7F]",
    r"(?m)^\s+at [\w.$]+\(",
    r"^(?:a|b){2,3}\x{1F600}?$",
    phrase_pattern("real person"),
    "abc",
    r"(?i)\border\s+#?(?P<order_id>\d{6,10})\b",
    r"(?i)^(?:(?:ok|great)[\s,.!]+)?(?:thanks|thx)(?:\s+(?:so much|again))?[\s\pP\pS\x{FE0F}]*$",
    r"[\p{Han}\p{Hiragana}\p{Hebrew}\p{Thai}]",
    r"[^a-z]x+\.{2,}?",
    r"(?i)\b(?:a|b|c) .{0,40}\b(?:d|e)\b",
    phrase_pattern("heures d'ouverture"),
    phrase_pattern("営業時間"),
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_text_is_made_of_a_pattern(pattern: str) -> None:
    """The pattern is found in every text that is made of it."""
    made = list(specimens(pattern))

    assert made
    assert all(searcher((pattern,))(text) is True for text in made)


def test_alternatives_are_all_taken() -> None:
    """Several texts take different alternatives, each text once."""
    assert sorted(specimens("(?:a|b|c)")) == ["a", "b", "c"]


def test_what_is_not_understood_has_no_texts() -> None:
    """Quoted parts are left to whoever wrote them."""
    assert list(specimens(r"\Qa.b\E")) == []
