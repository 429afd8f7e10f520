"""Which named groups of a regular expression every match sets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.validator.groups import names_in, surely_set

CASES = {
    r"order (?P<id>\d+)": {"id"},
    r"(?<id>\d+)": {"id"},
    r"(?i)\border\s+#?(?P<order_id>\d{6,10})\b": {"order_id"},
    r"(?P<id>\d+)?": set(),
    r"(?P<id>\d+)*": set(),
    r"(?P<id>\d+)+": {"id"},
    r"(?P<id>\d+)+?": {"id"},
    r"(?P<id>\d+)??": set(),
    r"(?P<id>\d+){0,3}": set(),
    r"(?P<id>\d+){0}": set(),
    r"(?P<id>\d+){2,}": {"id"},
    r"(?P<id>\d+){,3}": {"id"},  # literal in RE2
    r"(?P<a>x)|(?P<b>y)": set(),
    r"(?P<a>x)|y": set(),
    r"(?:(?P<a>x)|y)(?P<b>z)": {"b"},
    r"(?:(?P<a>x))?(?P<b>z)": {"b"},
    r"(?P<a>(?P<b>x)|y)": {"a"},
    r"(?P<a>(?P<b>x)?)": {"a"},
    r"\((?P<a>x)\)": {"a"},
    r"\(?P<a>x": set(),
    r"[(?P<a>x)]": set(),
    r"[](?P<a>x)]": set(),
    r"[^](?P<a>x)]": set(),
    r"[\]](?P<a>x)": {"a"},
    r"[[:alpha:]](?P<a>x)": {"a"},
    r"\Q(?P<a>x)?\E(?P<b>y)": {"b"},
    r"(?i:(?P<a>x))": {"a"},
    r"(?s-i)(?P<a>x)": {"a"},
    r"": set(),
    r"(?P<a>x": {"a"},
    r"x)(?P<a>x)": {"a"},
}


@pytest.mark.parametrize(("pattern", "names"), CASES.items(), ids=CASES.keys())
def test_a_group_is_surely_set_if_no_match_can_do_without_it(pattern: str, names: set[str]) -> None:
    """Options, alternatives and repetition from zero leave a group unset; everything else sets it."""
    assert surely_set(pattern) == names


def test_all_groups_are_known_by_name() -> None:
    """Groups that may stay unset are named too."""
    assert names_in(r"(?P<a>x)?|(?P<b>y)(?P<c>z)*") == {"a", "b", "c"}


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Patterns of literals, classes, alternatives, quantifiers and named groups, each name used once."""
    names = iter("abcdefgh")

    def part(depth: int) -> str:
        kind = draw(
            st.sampled_from(["x", "[(y]", r"\(", "group", "plain", "either"] if depth else ["x", "[(y]", r"\("])
        )
        if kind in ("group", "plain"):
            name = next(names, None)
            start = f"(?P<{name}>" if kind == "group" and name else "(?:"
            kind = f"{start}{part(depth - 1)}{part(depth - 1)})"
        elif kind == "either":
            kind = f"(?:{part(depth - 1)}|{part(depth - 1)})"
        return kind + draw(st.sampled_from(["", "", "?", "*", "+", "{0,2}", "{1,2}"]))

    return part(2) + part(2)


@given(pattern=patterns(), text=st.text(alphabet="xy(", max_size=8))
def test_what_is_surely_set_is_set_in_every_match(pattern: str, text: str) -> None:
    """In whatever text a pattern is found, the groups that are surely set have a value."""
    match = re.search(pattern, text)

    if match is not None:
        assert all(match[name] is not None for name in surely_set(pattern))


@given(st.text(alphabet=r"()[]{}?*+|\\PQE<>a:0,^", max_size=30))
def test_no_text_is_too_odd_to_scan(text: str) -> None:
    """Scanning ends and never fails, whatever is written."""
    assert surely_set(text) <= names_in(text)
