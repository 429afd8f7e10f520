"""What the other router measures in a text, measured here."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine.authoring.vllm_sr.measures import distance, measure_of, occurrences, units


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("don't stop", 3), ("缓存 cache", 3), ("a1-b2", 2), ("…", 0), ("한국어 text", 4), ("naïve", 1)],
)
def test_units_are_words_or_signs(text: str, count: int) -> None:
    """A run of letters and digits is one, and so is each sign of Chinese, Japanese and Korean."""
    assert units(text) == count


@pytest.mark.parametrize(
    ("text", "word", "loose", "count"),
    [
        ("must, MUST; mustard", "must", True, 2),
        ("must, MUST", "must", False, 1),
        ("必须必须", "必须", True, 2),
        ("用python写", "python", True, 1),
        ("aaaa", "aa", True, 0),
        ("no more than", "no more", True, 1),
        ("anything", "", True, 0),
    ],
)
def test_phrases_are_counted_by_themselves(text: str, word: str, loose: bool, count: int) -> None:
    """No other letter stands beside them, except where the script has no spaces."""
    assert occurrences(text, word, loose=loose) == count


@pytest.mark.parametrize(("left", "right", "steps"), [("", "abc", 3), ("plumber", "plumbre", 2), ("same", "same", 0)])
def test_words_differ_by_letters(left: str, right: str, steps: int) -> None:
    """Letters put in, taken out or changed are counted."""
    assert distance(left, right) == steps


@pytest.mark.parametrize(
    ("kind", "signal", "text", "value"),
    [
        (
            "structure",
            {"feature": {"type": "density", "source": {"type": "keyword_set", "keywords": ["a"]}}},
            "a b",
            0.5,
        ),
        ("structure", {"feature": {"type": "density", "source": {"type": "keyword_set", "keywords": ["a"]}}}, "", 0.0),
        ("structure", {"feature": {"type": "count", "source": {"type": "keyword_set", "keywords": ["a"]}}}, "a a", 2.0),
        ("structure", {"feature": {"type": "count", "source": {"type": "regex", "pattern": r"\d+"}}}, "1 22", 2.0),
        ("keyword", {"operator": "OR", "keywords": ["plumber"], "fuzzy_match": True}, "a plumbr", True),
        ("keyword", {"operator": "NOR", "keywords": ["plumber"], "fuzzy_match": True}, "a plumbr", False),
        ("keyword", {"operator": "AND", "keywords": ["plumber", "pipe"], "fuzzy_match": True}, "plumber", False),
    ],
)
def test_a_signal_is_measured(kind: str, signal: dict[str, Any], text: str, value: bool | float) -> None:
    """Densities, counts and loosely written words have a value for any text."""
    measure = measure_of(kind, signal)

    assert measure is not None
    assert measure(text) == value


@pytest.mark.parametrize(
    ("kind", "signal"),
    [("domain", {}), ("keyword", {"keywords": ["a"]}), ("structure", {"feature": {"source": {"type": "text_bytes"}}})],
)
def test_what_takes_more_than_a_text_is_not_measured(kind: str, signal: dict[str, Any]) -> None:
    """There is no function for what a model says, or for what a condition states anyway."""
    assert measure_of(kind, signal) is None
