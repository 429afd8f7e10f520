"""The meaning of unquoted scalars."""

from __future__ import annotations

import pytest

from policy_engine.loader.plain import Refusal, plain_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("tRUE", "tRUE"),
        ("yes", "yes"),
        ("No", "No"),
        ("on", "on"),
        ("off", "off"),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("-0x1F", "-0x1F"),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("0.5", 0.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-1.5e3", -1500.0),
        ("1e3", 1000.0),
        (".", "."),
        ("007", "007"),
        ("-007", "-007"),
        ("00", "00"),
        ("01.5", "01.5"),
        ("2026-12-24", "2026-12-24"),
        ("2026-12-24T10:00:00Z", "2026-12-24T10:00:00Z"),
        ("8k", "8k"),
        ("nullable", "nullable"),
        ("１２", "１２"),
        ("null", Refusal.NULL),
        ("Null", Refusal.NULL),
        ("~", Refusal.NULL),
        ("", Refusal.NULL),
        (".inf", Refusal.NOT_FINITE),
        ("+.INF", Refusal.NOT_FINITE),
        (".nan", Refusal.NOT_FINITE),
        ("1e400", Refusal.HUGE),
        ("0x" + "f" * 400, Refusal.HUGE),
        ("1." + "1" * 400, Refusal.HUGE),
    ],
)
def test_plain_scalars_follow_the_core_schema(text: str, value: object) -> None:
    """A plain scalar means what YAML 1.2 core says, but for leading zeros, nulls and what is not finite."""
    found = plain_value(text)

    assert (found, type(found)) == (value, type(value))
