"""Requests as people bring them to the command line: lines of JSON, or options that describe one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy_engine.model.policy import Attribute, AttributeType
from policy_engine.model.request import Request, read_request

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file that is not empty: its 1-based number and its bytes."""

    number: int
    content: bytes


class Malformed(ValueError):
    """A line that is no request; the text says why, `column` (1-based) where, if it is not JSON."""

    def __init__(self, reason: str, *, column: int | None = None) -> None:
        self.column = column
        super().__init__(reason)


def lines_of(file: Iterable[bytes]) -> Iterator[Line]:
    """The lines that hold something, a byte order mark removed."""
    for number, content in enumerate(file, start=1):
        if number == 1:
            content = content.removeprefix(_BYTE_ORDER_MARK)
        if not content.isspace() and content:
            yield Line(number, content)


def read_line(line: Line, attributes: Mapping[str, Attribute]) -> Request:
    """
    The request on one line.

    Raises:
        Malformed: it is not UTF-8, not JSON, or no request.
    """
    try:
        text = line.content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Malformed("not UTF-8", column=problem.start + 1) from None
    return read_request_text(text, attributes)


def read_request_text(text: str, attributes: Mapping[str, Attribute]) -> Request:
    """
    The request that a JSON text holds.

    Raises:
        Malformed: it is not JSON, or no request.
    """
    try:
        return read_request(json.loads(text), attributes=attributes)
    except json.JSONDecodeError as problem:
        raise Malformed(f"not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}", column=problem.pos + 1) from None
    except RecursionError:
        raise Malformed("nested too deep") from None
    except ValueError as problem:
        raise Malformed(str(problem)) from None


def request_of(
    *,
    task: str | None,
    text: str | None,
    given: Iterable[str],
    attributes: Mapping[str, Attribute],
) -> Request:
    """
    The request that options describe.

    Args:
        task, text: as in a request; None for none.
        given: attributes as `NAME=VALUE`; values are read by the declared type.

    Raises:
        ValueError: an attribute is not written like that, not declared, or not of its type.
    """
    return Request(task=task, input=text, attributes=dict(_attribute(one, attributes) for one in given))


def _attribute(given: str, attributes: Mapping[str, Attribute]) -> tuple[str, Any]:
    name, sign, value = given.partition("=")
    if not sign:
        raise ValueError(f"`{given}` is not written as `NAME=VALUE`")
    declared = attributes.get(name)
    if declared is None:
        raise ValueError(f"no attribute `{name}` is declared; {_declared(attributes)}")
    return name, _value(value, declared)


def _declared(attributes: Mapping[str, Attribute]) -> str:
    return f"there are {', '.join(f'`{name}`' for name in attributes)}" if attributes else "the policies declare none"


def _value(text: str, attribute: Attribute) -> Any:
    if attribute.type is AttributeType.STRING:
        return text
    if attribute.type is AttributeType.LIST:
        return [part.strip() for part in text.split(",")] if text else []
    value = _BOOLEANS.get(text) if attribute.type is AttributeType.BOOLEAN else _number(text)
    if value is None:
        raise ValueError(f"attribute `{attribute.name}` wants {_WANTED[attribute.type]}, not `{text}`")
    return value


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


_WANTED = {
    AttributeType.BOOLEAN: "`true` or `false`",
    AttributeType.INTEGER: "a whole number",
    AttributeType.NUMBER: "a number",
}
