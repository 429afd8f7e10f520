"""Tests of texts made from patterns."""

from __future__ import annotations

import pytest

from policy_engine.compiler.pattern import compile_pattern, phrase_pattern
from policy_engine.verify.mutate.samples import samples_of


@pytest.mark.parametrize(
    "pattern",
    [
        "abc",
        r"(?i)\border\s+#?(?P<order_id>\d{6,10})\b",
        r"(?i)^(?:(?:ok|great)[\s,.!]+)?(?:thanks|thx)(?:\s+(?:so much|again))?[\s\pP\pS\x{FE0F}]*$",
        r"[\p{Han}\p{Hiragana}\p{Hebrew}\p{Thai}]",
        r"\b[3-6]\d{3}(?:[ -]?\d{4}){3}\b",
        r"[^a-z]x+\.{2,}?",
        r"(?i)\b(?:a|b|c) .{0,40}\b(?:d|e)\b",
        phrase_pattern("heures d'ouverture"),
        phrase_pattern("営業時間"),
    ],
)
def test_a_pattern_is_found_in_its_samples(pattern: str) -> None:
    """Every sample is a text in which RE2 finds the pattern."""
    samples = list(samples_of(pattern, 6))

    assert samples
    assert [text for text in samples if compile_pattern(pattern).search(text.encode()) is None] == []


def test_alternatives_are_taken_in_turn() -> None:
    """Several samples take different alternatives, each text once."""
    assert list(samples_of("(?:a|b|c)", 5)) == ["a", "b", "c"]
