"""Tests of redaction and masks."""

from __future__ import annotations

import pytest

from policy_engine.ledger.privacy import Log, digest, kept_text, masked, redacted


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mail jo.doe+x@mail.example.org!", "mail [email]!"),
        ("call +49 (30) 123 45-67.", "call [number]."),
        ("card 4111 1111 1111 1111", "card [number]"),
        ("from DE89 3704 0044 0532 0130 00", "from [iban]"),
        ("at 192.168.0.1", "at [address]"),
        ("key sk-abcdefghijklmnop123", "key [key]"),
        ("order 12345 of 3.14 or v1.2.3, 9:00 to 17:00", "order 12345 of 3.14 or v1.2.3, 9:00 to 17:00"),
    ],
)
def test_what_looks_personal_is_taken_out(text: str, kept: str) -> None:
    """Addresses, accounts, phone numbers and keys are named by kind, and short numbers stay."""
    assert redacted(text) == kept


def test_texts_are_kept_only_where_allowed() -> None:
    """By default and with `none` nothing of a text is kept, and only by default its hash."""
    assert [kept_text("a@b.cd", log) for log in Log] == [None, None, "[email]", "a@b.cd"]
    assert [digest("a", log) is None for log in Log] == [False, True, False, False]


@pytest.mark.parametrize(
    ("mask", "kept"),
    [
        ("user", {"user": "[masked]", "a": {"b": 1, "x.y": {"c": 2}}, "none": None}),
        ("a", {"user": "u", "a": "[masked]", "none": None}),
        ("a.b", {"user": "u", "a": {"b": "[masked]", "x.y": {"c": 2}}, "none": None}),
        ("a.x.y", {"user": "u", "a": {"b": 1, "x.y": "[masked]"}, "none": None}),
        ("a.x.y.c", {"user": "u", "a": {"b": 1, "x.y": {"c": "[masked]"}}, "none": None}),
        ("a.*", {"user": "u", "a": {"b": "[masked]", "x.y": "[masked]"}, "none": None}),
        ("*.b", {"user": "u", "a": {"b": "[masked]", "x.y": {"c": 2}}, "none": None}),
        ("b", {"user": "u", "a": {"b": 1, "x.y": {"c": 2}}, "none": None}),
        ("none", {"user": "u", "a": {"b": 1, "x.y": {"c": 2}}, "none": None}),
    ],
)
def test_a_mask_covers_what_its_path_names(mask: str, kept: dict[str, object]) -> None:
    """Paths go by names, which may have dots, and `*`; the original stays as it is."""
    values = {"user": "u", "a": {"b": 1, "x.y": {"c": 2}}, "none": None}

    assert masked(values, (mask,)) == kept
    assert values == {"user": "u", "a": {"b": 1, "x.y": {"c": 2}}, "none": None}
