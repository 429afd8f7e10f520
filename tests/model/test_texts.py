"""The texts and the shape of a conversation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policy_engine.model.texts import Shape


class _Whole(str):
    """Text that cannot be taken letter by letter."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("a text was looked through letter by letter")


@pytest.mark.parametrize("count", [Shape.tool_calls, Shape.tool_results, Shape.tool_errors, Shape.images])
def test_text_is_not_looked_through_for_parts(count) -> None:  # type: ignore[no-untyped-def]  # any counter of a shape
    """A message of plain text has no parts, and finding that out does not depend on its length."""
    shape = Shape([{"role": "user", "content": _Whole("hello")}], 0)

    assert count(shape) == 0
