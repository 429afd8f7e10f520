"""The decoding of files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Diagnostic, Position, Severity, Span
from policy_engine.loader.encoding import decoded


@pytest.mark.parametrize(
    ("content", "text"), [(b"", ""), ("a: é\n".encode(), "a: é\n"), (b"\xef\xbb\xbfa: 1\n", "a: 1\n"), (b"a", "a")]
)
def test_utf_8_is_read(content: bytes, text: str) -> None:
    """UTF-8 is the text it says, without its byte order mark."""
    assert decoded(content, "a.yaml") == (text, ())


@pytest.mark.parametrize(
    ("content", "message", "line", "column"),
    [
        ("a: é\nb: ".encode() + b"\xe9\n", "byte 9 (0xE9) is not valid UTF-8", 2, 4),
        (b"\xef\xbb\xbf\xff", "byte 3 (0xFF) is not valid UTF-8", 1, 1),
        ("a: 1".encode("utf-16"), "the file is UTF-16, not UTF-8", 1, 1),
        ("a: 1".encode("utf-16-be"), "the file is UTF-16, not UTF-8", 1, 1),
        ("a: 1".encode("utf-32"), "the file is UTF-32, not UTF-8", 1, 1),
    ],
)
def test_other_encodings_are_refused(content: bytes, message: str, line: int, column: int) -> None:
    """Anything else is an error at the first byte that does not fit."""
    _, diagnostics = decoded(content, "a.yaml")

    assert diagnostics == (
        Diagnostic(
            code="PE114",
            name="bad-encoding",
            severity=Severity.ERROR,
            message=message,
            span=Span("a.yaml", Position(line, column), Position(line, column + 1)),
            help="save the file as UTF-8",
        ),
    )


@given(st.binary())
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    """Whatever the bytes are, there is a text, and a reason if it is not what they say."""
    text, diagnostics = decoded(content, "a.yaml")

    assert diagnostics or text.encode() == content.removeprefix(b"\xef\xbb\xbf")
