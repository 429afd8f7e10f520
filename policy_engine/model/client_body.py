"""What a client sends over the wire, read as a request: a client says what it asks, and not who it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy_engine.model.policy import Attribute, AttributeType
from policy_engine.model.request import Request, attributes_in_metadata, chat_fields, comes_with_key, wanted_model

TASK_HEADER: Final = "x-policy-task"
ATTRIBUTE_HEADER: Final = "x-policy-attribute-"
"""How a header begins that holds an attribute; its name follows, in lower case."""

_NOTHING: Final[Mapping[str, Any]] = {}


def read_client_body(
    body: object,
    *,
    attributes: Mapping[str, Attribute],
    of_key: Mapping[str, Any],
    headers: Mapping[str, str] = _NOTHING,
) -> Request:
    """
    The request that a client's chat completion comes to.

    Of the body only what that API has is read. Signals, token counts, the moment, and attributes by name are for those
    who may decide them, and are left out here like everything else. What is declared `from: key` comes from `of_key`
    alone, whatever body and headers say.

    Args:
        body: the decoded JSON as it came.
        attributes: the declared ones.
        of_key: what is on file for the caller's API key, values by attribute; only those declared `from: key` count.
        headers: as they came, by lower-case name: `x-policy-task`, those that attributes are declared to come from,
            and for attributes of the body's metadata also `x-policy-attribute-NAME`, which wins.

    Raises:
        ValueError: it is no such body; says which field is wrong.
    """
    if not isinstance(body, Mapping):
        raise ValueError("the body of a chat completion must be a JSON object")
    fields = chat_fields(body)
    if headers.get(TASK_HEADER) and not wanted_model(body)[1]:
        fields["task"] = headers[TASK_HEADER]
    sent = {
        **attributes_in_metadata(body.get("metadata") or _NOTHING, attributes),
        **dict(_in_headers(headers, attributes)),
        **{name: of_key[name] for name, one in attributes.items() if comes_with_key(one) and name in of_key},
    }
    try:
        return Request(**fields, attributes=sent)
    except TypeError as problem:
        raise ValueError(str(problem)) from None


def _in_headers(headers: Mapping[str, str], attributes: Mapping[str, Attribute]) -> Iterator[tuple[str, Any]]:
    for attribute in attributes.values():
        place, _, name = attribute.source.partition(":")
        if place == "header":
            written = headers.get(name.lower())
        elif place == "metadata":
            written = headers.get(f"{ATTRIBUTE_HEADER}{attribute.name.lower()}")
        else:
            continue
        if written is not None:
            yield attribute.name, _value(written, attribute.type)


def _value(written: str, kind: AttributeType) -> object:
    """What a header holds, by the declared type; the text itself where it is nothing of that type."""
    if kind is AttributeType.STRING:
        return written
    try:
        value: object = json.loads(written)
    except ValueError:
        value = None
    if kind is AttributeType.LIST and not isinstance(value, list):
        return [part.strip() for part in written.split(",")]
    return written if value is None else value
