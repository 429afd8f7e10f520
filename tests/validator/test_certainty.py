"""What an expression mentions."""

from __future__ import annotations

import pytest

from policy_engine.validator.certainty import names_in


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("message.chars > 5 and wants.model == 'input.chars'", ["message.chars", "wants.model"]),
        ("input.tokens-message.tokens > 5", ["input.tokens", "message.tokens"]),
        ("attributes.items - 1 > 2", ["attributes.items"]),
        ("message . chars > (5)", ["message.chars"]),
        ("attributes.plan in ('free',\n 'pro')", ["attributes.plan"]),
        ("len(message.text) > 5", ["len", "message.text"]),
        ("message.chars >", ["message.chars"]),
        ("attributes.is-eu or", ["attributes.is", "eu", "or"]),
    ],
)
def test_names_are_those_that_an_expression_reads(expression: str, names: list[str]) -> None:
    """A minus joins no names, room does not part them, texts have none; of what cannot be read, what looks like one."""
    assert list(names_in(expression)) == names
