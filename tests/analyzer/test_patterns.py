"""Patterns taken apart and compared."""

import pytest

from policy_engine.analyzer.patterns import alternatives, implies, pairs_of, plain_of
from policy_engine.compiler.pattern import phrase_pattern, searcher


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("refund|return", ("refund", "return")),
        (r"(?i)\b(?:a|b) c\b", (r"(?i)\ba c\b", r"(?i)\bb c\b")),
        ("(a|b)+", ("(a|b)+",)),
        (r"[(|]x|y", (r"[(|]x", "y")),
        (r"a\|b", (r"a\|b",)),
        ("x(?i)y|z", ("x(?i)y|z",)),
        (phrase_pattern("a|b"), (phrase_pattern("a|b"),)),
    ],
)
def test_a_pattern_is_taken_apart_where_that_changes_nothing(pattern: str, expected: tuple[str, ...]) -> None:
    """Alternatives at the top, or in one group that is not repeated, become patterns of their own."""
    assert alternatives(pattern) == expected


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (phrase_pattern("order status"), phrase_pattern("order"), True),
        (phrase_pattern("reorder status"), phrase_pattern("order"), False),
        (phrase_pattern("order"), phrase_pattern("order status"), False),
        ("refunds", "refund", True),
        ("(?i)refunds", "refund", False),
        ("refunds", "(?i)Refund", True),
        ("order", phrase_pattern("order"), False),
        ("an order now", phrase_pattern("order"), True),
        (phrase_pattern("Order"), "(?i)der", True),
    ],
)
def test_one_text_holds_another_only_if_it_always_does(outer: str, inner: str, expected: bool) -> None:
    """Case and what may stand beside a text are taken into account."""
    one, other = plain_of(outer), plain_of(inner)
    assert one is not None
    assert other is not None

    assert implies(one, other) is expected
    assert (0, 1) in set(pairs_of([one, other])) or not expected
    if expected:
        assert searcher((inner,))(one.text) is True
