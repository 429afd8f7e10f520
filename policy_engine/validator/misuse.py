"""Why a single value does not fit its place: the wrong type, form, unit or size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from policy_engine.validator.faults import bad_name, bad_quantity, bare_range, literal_secret, wrong_shape, wrong_type
from policy_engine.validator.mistake import Mistake
from policy_engine.validator.site import keys_of
from policy_engine.validator.suggestion import named, shown

_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "yes/no (true or false)",
    "array": "a list",
    "object": "a mapping",
}
_FORMS = {
    "string": "write text; what begins with `[` or `{` goes in quotes",
    "boolean": "write `true` or `false`",
    "integer": "write a whole number, as in `3`",
    "number": "write a number, as in `0.5`",
}
_YES_NO = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
_BOUNDS = {"minimum": "at least", "maximum": "at most", "exclusiveMinimum": "more than"}
_SIGNS = {">=": "gte", "<=": "lte", ">": "gt", "<": "lt", "==": "eq", "=": "eq", "!=": "ne"}
_COMPARISON = re.compile(r"\s*(?P<sign>>=|<=|==|!=|[<>=])\s*(?P<value>\S+)\s*")


class Fault(Protocol):
    """A module of `policy_engine.validator.faults`."""

    CODE: str
    NAME: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Misuse:
    """What is wrong with a value, and what to do about it."""

    fault: Fault
    message: str
    help: str | None


def misuse_of(mistake: Mistake) -> Misuse:
    """What is wrong with a value that failed `type`, `pattern`, a bound, or `not` of a pattern."""
    hint = mistake.annotation("x-hint")
    if mistake.fault == literal_secret.NAME and isinstance(mistake.value, str):
        # INVARIANT: no message about a secret shows it.
        words = mistake.schema.get("x-hint", hint)
        return Misuse(fault=literal_secret, message=f"{named(mistake.keys)} holds a secret", help=words)
    if mistake.fault == bare_range.NAME and not isinstance(mistake.value, bool):
        return _bare(mistake)
    if mistake.fault == bad_quantity.NAME and isinstance(mistake.value, str | int | float) and not _is_flag(mistake):
        return _quantity(mistake)
    if mistake.keyword == "type":
        return _type(mistake)
    if mistake.keyword in _BOUNDS:
        bound = f"{_BOUNDS[mistake.keyword]} {mistake.operand}"
        message = f"{named(mistake.keys)} must be {bound}, not `{shown(mistake.value)}`"
        return Misuse(fault=bad_quantity, message=message, help=hint)
    if mistake.fault == bad_name.NAME:
        return Misuse(fault=bad_name, message=f"`{shown(mistake.value)}` is not a name", help=hint)
    wanted = mistake.annotation("x-wants") or "of the form that is wanted here"
    return Misuse(fault=wrong_shape, message=f"`{shown(mistake.value)}` is not {wanted}", help=hint)


def type_words(value: object) -> str:
    """What kind of value this is, in an author's words."""
    if isinstance(value, bool):
        return f"`{shown(value)}`"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a number"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "nothing"


def _is_flag(mistake: Mistake) -> bool:
    return isinstance(mistake.value, bool)


def _bare(mistake: Mistake) -> Misuse:
    value = shown(mistake.value)
    message = f"{named(mistake.keys)} needs an operator, not a bare `{value}`"
    if isinstance(mistake.value, list):
        return Misuse(fault=bare_range, message=message, help=f"write `{{in: {value}}}`")
    if "string" in _types(mistake):
        words = f"write `{{eq: {value}}}` or `{{gte: {value}}}`; text that looks like a number needs quotes"
        return Misuse(fault=bare_range, message=message, help=words)
    return Misuse(fault=bare_range, message=message, help=_operator_for(mistake))


def _operator_for(mistake: Mistake) -> str | None:
    value = shown(mistake.value)
    comparison = _COMPARISON.fullmatch(value)
    if comparison is not None:
        return f"write `{{{_SIGNS[comparison['sign']]}: {comparison['value']}}}`"
    if not re.match(r"[$+-]?\d", value):
        return mistake.annotation("x-hint")
    kind = "number" if isinstance(mistake.value, int | float) else "value"
    return f"write `{{gte: {value}}}`; a bare {kind} would test for equality and never fire"


def _quantity(mistake: Mistake) -> Misuse:
    value, hint = shown(mistake.value), mistake.annotation("x-hint")
    wanted = mistake.annotation("x-wants") or "a quantity"
    message = f"`{value}` is not {wanted}"
    if mistake.keyword == "type" and not isinstance(mistake.value, str):
        message = f"`{value}` has no unit" if "string" in _types(mistake) else message
    elif mistake.keyword == "maximum" and mistake.operand == 1 and mistake.value <= 100:
        message, hint = f"`{value}` is above 1", f"write `{value}%` if you mean per cent"
    return Misuse(fault=bad_quantity, message=message, help=hint)


def _type(mistake: Mistake) -> Misuse:
    wanted = mistake.annotation("x-wants") or " or ".join(_TYPES[name] for name in _types(mistake))
    message = f"{named(mistake.keys)} must be {wanted}, not {type_words(mistake.value)}"
    hint, is_name = mistake.annotation("x-hint"), mistake.fault == bad_name.NAME
    words = hint if hint and not is_name else _conversion(mistake.value, _types(mistake)) or _entries(mistake)
    return Misuse(fault=wrong_type, message=message, help=words or hint)


def _entries(mistake: Mistake) -> str | None:
    """What a mapping holds that stands in place of something else."""
    keys = keys_of(mistake.site)
    if "object" not in _types(mistake):
        return None
    return f"write `{{{keys[0]}: …}}`, or another entry that it takes" if keys else "write `{NAME: …}`"


def _conversion(value: object, types: tuple[str, ...]) -> str | None:
    """How to write the same value so that it has one of the wanted types, where that is plain."""
    is_single = isinstance(value, str | int | float)
    if "boolean" in types and isinstance(value, str) and value.lower() in _YES_NO:
        return f"write `{_YES_NO[value.lower()]}`"
    if "array" in types and "string" not in types and is_single:
        return f"write `[{shown(value)}]`"
    if "array" in types and isinstance(value, dict):
        return "begin each entry with `-`"
    if "object" in types and isinstance(value, list):
        return "write entries of the form `NAME: …`, without `-`"
    if "string" in types and is_single:
        return f'write `"{shown(value)}"`'
    if {"number", "integer"} & set(types) and isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return f"write `{value}` without quotes"
    return next((_FORMS[name] for name in types if name in _FORMS), None)


def _types(mistake: Mistake) -> tuple[str, ...]:
    types = mistake.schema.get("type", ())
    return (types,) if isinstance(types, str) else tuple(types)
