"""Plain scalars, as the YAML 1.2 core schema reads them; leading zeros and dates stay strings."""

from __future__ import annotations

import math
import re
from enum import Enum
from typing import TypeAlias

MAX_DIGITS = 400
"""A number written with more digits than this is refused: nothing in a policy is that large."""

_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_DECIMAL_INTEGER = re.compile(r"[-+]?[0-9]+")
_PREFIXED_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL_STARTS = frozenset("-+.0123456789~tTfFnN")


class Refusal(Enum):
    """Why a plain scalar has no value in a policy."""

    NULL = "null"
    NOT_FINITE = "not finite"
    HUGE = "huge"


Value: TypeAlias = str | int | float | bool


def plain_value(text: str) -> Value | Refusal:
    """What an unquoted scalar means: a boolean, a number or the text itself; or why it means nothing."""
    if text and text[0] not in _SPECIAL_STARTS:
        return text
    if text in _NULLS:
        return Refusal.NULL
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.fullmatch(text):
        return Refusal.NOT_FINITE
    return _number_or_text(text)


def _number_or_text(text: str) -> Value | Refusal:
    if _LEADING_ZERO.match(text):
        return text
    if _DECIMAL_INTEGER.fullmatch(text):
        return int(text) if len(text) <= MAX_DIGITS else Refusal.HUGE
    if _PREFIXED_INTEGER.fullmatch(text):
        return int(text, 0) if len(text) <= MAX_DIGITS else Refusal.HUGE
    if _FLOAT.fullmatch(text):
        return _finite(text)
    return text


def _finite(text: str) -> float | Refusal:
    if len(text) > MAX_DIGITS:
        return Refusal.HUGE
    number = float(text)
    return number if math.isfinite(number) else Refusal.HUGE


def is_null(text: str) -> bool:
    """Whether an unquoted scalar is null, or nothing at all."""
    return text in _NULLS
