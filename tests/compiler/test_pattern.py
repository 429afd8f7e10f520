"""Regexes, phrases and globs as RE2 patterns."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.compiler.pattern import (
    SCANNED_BYTES,
    PatternError,
    compile_pattern,
    encode,
    glob_pattern,
    has_ascii_class_beside_letter,
    phrase_in,
    phrase_pattern,
    searcher,
)

REFUSED = {
    "a(?=b)": "it has a lookaround",
    "a(?!b)": "it has a lookaround",
    "(?<=a)b": "it has a lookaround",
    "(?<!a)b": "it has a lookaround",
    r"(a)\1": "it has a backreference",
    "(?P<x>a)(?P=x)": "it has a backreference, or a group with a malformed name",
    "a(?>b)": "it has an atomic group",
    "a++": "it has a possessive quantifier",
    "a{2000}": "it repeats too often",
    "(": "a `(` is never closed",
    "[a": "a `[` is never closed",
    "*a": "it repeats nothing",
    r"a\Z": "it has an anchor of another language",
    "\ud800": "half of a surrogate pair is no character",
}


@pytest.mark.parametrize(("pattern", "reason"), REFUSED.items(), ids=[ascii(pattern) for pattern in REFUSED])
def test_what_re2_has_not_is_refused_with_what_to_write(pattern: str, reason: str) -> None:
    """A pattern that RE2 refuses says why in words, and what to write instead."""
    with pytest.raises(PatternError) as refused:
        compile_pattern(pattern)
    assert refused.value.reason == reason
    assert refused.value.help


@pytest.mark.parametrize("pattern", [r"\bäh", r"ö\b", r"\w+ß", r"ü?\d", r"é\B", r"\D*ж"])
def test_an_ascii_class_beside_another_letter_is_noticed(pattern: str) -> None:
    """`\\b`, `\\w` and `\\d` beside a letter outside of ASCII do not do what they seem to."""
    assert has_ascii_class_beside_letter(pattern)


@pytest.mark.parametrize("pattern", [r"\bhours\b", r"ä b \d", r"\d €", r"[äöü]+", r"\d٣"])
def test_an_ascii_class_elsewhere_is_left_alone(pattern: str) -> None:
    """Beside ASCII, spaces, signs and digits the classes are what they seem to be."""
    assert not has_ascii_class_beside_letter(pattern)


TEXTS = st.text(alphabet="aAbä_ .-9\u0301返+\n", max_size=12)
PHRASES = st.text(alphabet="abä_9-+返 ", min_size=1, max_size=3)


@given(phrase=PHRASES, text=TEXTS)
def test_a_phrase_is_found_where_nothing_of_a_word_is_beside_it(phrase: str, text: str) -> None:
    """The pattern of a phrase finds what a walk over the text finds."""
    assert searcher([phrase_pattern(phrase)])(text) is _walked(phrase, text)


def _walked(phrase: str, text: str) -> bool:
    starts = range(len(text) - len(phrase) + 1)
    return any(
        text[start : start + len(phrase)].lower() == phrase.lower()
        and not (_bounded(phrase[0]) and _in_word(text[:start][-1:]))
        and not (_bounded(phrase[-1]) and _in_word(text[start + len(phrase) :][:1]))
        for start in starts
    )


def _in_word(char: str) -> bool:
    return char != "" and (char == "_" or unicodedata.category(char)[0] in "LNM")


def _bounded(char: str) -> bool:
    return _in_word(char) and char != "返"


@given(glob=st.text(alphabet="ab*?.\\^$(", max_size=6), text=st.text(alphabet="ab.\\^$(\n", max_size=6))
def test_a_glob_spans_the_whole_text(glob: str, text: str) -> None:
    """The pattern of a glob matches what its stars and question marks allow, from beginning to end."""
    wild = {"*": ".*", "?": "."}
    expected = re.fullmatch("".join(wild.get(char, re.escape(char)) for char in glob), text, re.DOTALL)

    assert searcher([glob_pattern(glob)])(text) is (expected is not None)


def test_any_of_several_patterns_is_enough() -> None:
    """A search finds one of its patterns, or none."""
    search = searcher(["b$", "^a"])

    assert [search(text) for text in ("ax", "xb", "xa")] == [True, True, False]


def test_a_text_is_read_to_the_bound() -> None:
    """What lies within the first 256,000 bytes is found; beyond it nobody knows."""
    search = searcher(["needle"])
    padding = "x" * (SCANNED_BYTES - 6)

    assert search(f"{padding}needle") is True
    assert search(f"{padding}xneedle") is None
    assert search(f"{padding}needle and more") is True
    assert search(f"{padding}nothin") is False


def test_the_bound_is_of_bytes() -> None:
    """Characters outside of ASCII use up more of what is read."""
    search = searcher(["needle"])

    assert search("ä" * (SCANNED_BYTES // 2 - 3) + "needle") is True
    assert search("ä" * (SCANNED_BYTES // 2) + "needle") is None


def test_half_a_pair_is_searched_like_a_question_mark() -> None:
    """A lone surrogate cannot be UTF-8; it is read as a `?`, and nothing fails."""
    assert encode("a\ud800b") == b"a?b"
    assert searcher([r"a\?b"])("a\ud800b") is True


@pytest.mark.parametrize("phrase", ["order", "trade-off", "heures d'ouverture", "日本", "a_b", "!x?"])
def test_a_phrase_is_recognised(phrase: str) -> None:
    """The pattern of a `contains` gives back its phrase."""
    assert phrase_in(phrase_pattern(phrase)) == phrase
