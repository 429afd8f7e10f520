"""What a text must contain to match a pattern."""

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.compiler.needle import needle_of, needles_of


@pytest.mark.parametrize(
    ("pattern", "needle"),
    [
        (r"[\w.]+@[\w-]+\.(?:io|dev)", "@"),
        (r"\bCVE-\d{4,7}\b", "CVE-"),
        (r"```(?:python|sql)", "```"),
        (r"a\.b", "a.b"),
        (r"[]a]b", "b"),
        (r"[[:alpha:]x]zz", "zz"),
        (r"(a(b|c)d)?ef", "ef"),
        (r"ab+c", "ab"),
        ("größe", "größe"),
    ],
)
def test_the_longest_text_that_must_be_there_is_found(pattern: str, needle: str) -> None:
    """Literal characters outside of groups and sets stand in every match."""
    assert needle_of(pattern) == needle


@pytest.mark.parametrize("pattern", ["a*", "a?", "a{0}", "a{0,3}", "(a)", "[a]", ".", r"\d", "a|b", ""])
def test_what_may_be_absent_is_no_needle(pattern: str) -> None:
    """A character that a match can do without says nothing."""
    assert needle_of(pattern) is None


@pytest.mark.parametrize(
    "pattern", ["(?i)abc", "a(?i:b)c", r"\Qab\E", r"\pLa", r"\x{41}b", r"\101", "a{b", "x{,3}y", "a+{0}", r"a\?b"]
)
def test_what_is_not_plain_is_left_alone(pattern: str) -> None:
    """Flags, escapes by name or number, and what repeats a repetition are not interpreted."""
    assert needle_of(pattern) is None


def test_several_patterns_need_one_of_their_texts() -> None:
    """Each pattern brings its own, and one without any spoils it."""
    assert needles_of(["a+", "b+", "a"]) == ("a", "b")
    assert needles_of(["a+", "b*"]) == ()
    assert needles_of(["a", "b", "c"]) == ()


_PARTS = st.sampled_from(
    ["a", "b", "ab", "-", r"\.", "[ab]", "[^b]", "[]a]", ".", r"\b", r"\w", "(?:a|b)", "(b)", "((a)b)?", "^", "$"]
)
_REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{0}", "{2}", "{0,1}", "*?", "+?"])
_PATTERNS = st.lists(st.tuples(_PARTS, _REPEATS), min_size=1, max_size=5).map(
    lambda parts: "".join(part + repeat for part, repeat in parts)
)


@given(_PATTERNS, st.text("ab-.]", max_size=8))
def test_a_text_without_its_needle_never_matches(pattern: str, text: str) -> None:
    """RE2 finds no pattern where its needle is absent."""
    needle = needle_of(pattern)
    try:
        found = re2.search(pattern, text) is not None
    except re2.error:
        return

    assert not found or needle is None or needle in text
