"""Requests from lines and from options."""

from typing import Any

import pytest

from policy_engine.cli.intake import Line, Malformed, lines_of, read_line, request_of
from policy_engine.diagnostics import Address
from policy_engine.model.policy import Attribute, AttributeType
from policy_engine.model.request import Request

ATTRIBUTES = {
    kind.value: Attribute(name=kind.value, type=kind, address=Address("a.yaml"), source=f"metadata:{kind.value}")
    for kind in AttributeType
}


def test_empty_lines_are_passed_over_and_counted() -> None:
    """Lines keep the numbers that an editor shows, and a byte order mark is no part of the first."""
    file = [b"\xef\xbb\xbf{}\n", b"\n", b"  \r\n", b'{"id": "x"}\n']

    assert list(lines_of(file)) == [Line(1, b"{}\n"), Line(4, b'{"id": "x"}\n')]


@pytest.mark.parametrize(
    ("content", "reason", "column"),
    [
        (b"{bad", "not JSON: expecting property name enclosed in double quotes", 2),
        (b'{"id": \xff}', "not UTF-8", 8),
        (b"[1]", "a request must be a JSON object", None),
        (b'{"id": 7}', "`id` of a request must be text, not a number", None),
        (b"[" * 100_000, "nested too deep", None),
    ],
)
def test_a_line_that_is_no_request_says_why(content: bytes, reason: str, column: int | None) -> None:
    """The reason names the field or, where the line is not JSON, the column."""
    with pytest.raises(Malformed) as caught:
        read_line(Line(3, content), ATTRIBUTES)

    assert (str(caught.value), caught.value.column) == (reason, column)


def test_a_line_may_hold_a_body_of_the_serving_api() -> None:
    """What would be sent to the server can be dry-run as it is."""
    body = b'{"model": "auto:faq", "messages": [{"role": "user", "content": "hi"}], "metadata": {"string": "x"}}'

    request = read_line(Line(1, body), ATTRIBUTES)

    assert (request.task, dict(request.attributes)) == ("faq", {"string": "x"})


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("string=a=b", "a=b"),
        ("string=12", "12"),
        ("integer=12", 12),
        ("number=1.5", 1.5),
        ("boolean=true", True),
        ("boolean=false", False),
        ("list=a, b", ["a", "b"]),
        ("list=", []),
    ],
)
def test_options_are_read_by_the_declared_type(given: str, value: Any) -> None:
    """`NAME=VALUE` becomes a value of the type that the policies declare for the name."""
    request = request_of(task="faq", text="hi", given=[given], attributes=ATTRIBUTES)

    assert request == Request(task="faq", input="hi", attributes={given.partition("=")[0]: value})


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("plan", "`plan` is not written as `NAME=VALUE`"),
        (
            "plan=pro",
            "no attribute `plan` is declared; there are `string`, `integer`, `number`, `boolean`, `list`",
        ),
        ("integer=many", "attribute `integer` wants a whole number, not `many`"),
        ("boolean=yes", "attribute `boolean` wants `true` or `false`, not `yes`"),
    ],
)
def test_an_option_that_cannot_be_read_says_why(given: str, reason: str) -> None:
    """A misspelt name or value is told, not passed on as unknown."""
    with pytest.raises(ValueError, match="`") as caught:
        request_of(task=None, text=None, given=[given], attributes=ATTRIBUTES)

    assert str(caught.value) == reason
