"""A request as callers describe it: built in Python, or read from a line of JSON or the serving API's own body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy_engine.model.policy import Attribute

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What is asked of the engine.

    Attributes:
        id: the caller's name for it; sticky samples use it unless they say otherwise.
        task: the task type, one of those the policies declare.
        input: short for one user message; not together with `messages`.
        messages: the conversation so far, each a mapping in the shape of OpenAI's chat API.
        attributes: values for the attributes that the policies declare.
        tools: tool definitions offered to the model.
        params: `max_tokens`, `temperature` and so on, as the caller sent them.
        wants: what the answer should be: `stream` and `json` (booleans), `model` (a name, or `auto`).
        session, user: the caller's names for the conversation and the person.
        tokens: exact counts, where known: `message` and `input`.
        at: the moment of the request, aware of its time zone; None means now.
        signals: values of signals, by section and name, so that nothing has to be looked up.
        is_plain: whether it is one user text and nothing is said of tools, params, wants, tokens or signals.

    Raises:
        TypeError: a field has the wrong type.
        ValueError: both `input` and `messages` are given, or `at` has no time zone.
    """

    id: str | None = None
    task: str | None = None
    input: str | None = None
    messages: Sequence[Mapping[str, Any]] | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    wants: Mapping[str, Any] = field(default_factory=dict)
    session: str | None = None
    user: str | None = None
    tokens: Mapping[str, int] = field(default_factory=dict)
    at: datetime | None = None
    signals: Mapping[str, Any] = field(default_factory=dict)
    is_plain: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.input is not None and self.messages is not None:
            raise ValueError("a request has `input` or `messages`, not both")
        # Made for every request of a file of millions, so what is wrong is named only once something is.
        texts: tuple[object, ...] = (self.id, self.task, self.input, self.session, self.user)
        for text in texts:
            if text is not None and not isinstance(text, str):
                _refuse_text(self)
        mappings: tuple[object, ...] = (self.attributes, self.params, self.wants, self.tokens, self.signals)
        for mapping in mappings:
            if type(mapping) is not dict and not isinstance(mapping, Mapping):
                _refuse_mapping(self)
        if self.messages is not None:
            _check_mappings("messages", self.messages)
        if self.tools:
            _check_mappings("tools", self.tools)
        if self.at is not None and getattr(self.at, "tzinfo", None) is None:
            raise ValueError("`at` of a request must be a moment with its time zone, such as 2026-11-23T10:00:00Z")
        if self.tokens:
            _check_tokens(self.tokens)
        is_plain = bool(self.input) and not (self.tools or self.params or self.wants or self.tokens or self.signals)
        object.__setattr__(self, "is_plain", is_plain)


FIELD_NAMES = frozenset(f.name for f in fields(Request) if f.init)
_CHAT_PARAMS = ("max_tokens", "temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty")
_CHAT_BODY_KEYS = frozenset(("model", "metadata", "response_format", "stream", "max_completion_tokens", *_CHAT_PARAMS))


def read_request(written: object, *, attributes: Mapping[str, Attribute] = _NOTHING) -> Request:
    """
    The request that a JSON value describes: an object of schema request.v1, or the body of a chat completion.

    It is for those who may say everything, such as whoever writes samples and tests. What a client sends over the wire
    is read by `model.client_body`.

    Args:
        written: the decoded JSON.
        attributes: the declared attributes, which say where a chat body's `metadata` holds each.

    Raises:
        ValueError: it is neither, or a chat body sets what comes with the API key; says which field is wrong.
    """
    if not isinstance(written, Mapping):
        raise ValueError("a request must be a JSON object")
    try:
        if _CHAT_BODY_KEYS.isdisjoint(written):
            return _read_plain(written)
        return _read_chat(written, attributes)
    except TypeError as problem:
        raise ValueError(str(problem)) from None


def _read_plain(written: Mapping[str, Any]) -> Request:
    if not written.keys() <= FIELD_NAMES:
        unknown = sorted(set(written) - FIELD_NAMES)
        raise ValueError(f"unknown field `{unknown[0]}` in a request; known are {', '.join(sorted(FIELD_NAMES))}")
    given = {name: value for name, value in written.items() if value is not None}
    if "at" in given:
        given["at"] = read_moment(given["at"])
    return Request(**given)


def _read_chat(body: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> Request:
    given: dict[str, Any] = {
        name: body[name]
        for name in ("id", "input", "signals", "tokens", "session", "task")
        if body.get(name) is not None
    }
    given |= chat_fields(body)
    added = {name: _object(body, name) for name in ("attributes", "wants")}
    for name in added["attributes"]:
        if name in attributes and comes_with_key(attributes[name]):
            raise ValueError(
                f"attribute `{name}` comes with the API key, which the body of a chat completion cannot say; "
                "a request that has `params` and `wants` instead can"
            )
    given["attributes"] = {**attributes_in_metadata(_object(body, "metadata"), attributes), **added["attributes"]}
    given["wants"] = {**given["wants"], **added["wants"]}
    if body.get("at") is not None:
        given["at"] = read_moment(body["at"])
    return Request(**given)


def chat_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    The fields of a request that the body of a chat completion tells by itself: nothing that this API does not have.

    Raises:
        ValueError: its `metadata` is no object.
    """
    given: dict[str, Any] = {name: body[name] for name in ("messages", "tools", "user") if body.get(name) is not None}
    model, named = wanted_model(body)
    task = named or _object(body, "metadata").get("task")
    if task:
        given["task"] = task
    params = {key: body[key] for key in _CHAT_PARAMS if body.get(key) is not None}
    if body.get("max_completion_tokens") is not None:
        params["max_tokens"] = body["max_completion_tokens"]
    wants = {"stream": bool(body.get("stream")), "json": _wants_json(body.get("response_format")), "model": model}
    return {**given, "params": params, "wants": wants}


def wanted_model(body: Mapping[str, Any]) -> tuple[str, str]:
    """The model that a chat body asks for, and the task that it names so (`auto:TASK`); empty if it names none."""
    model = str(body.get("model") or "auto")
    name, _, task = model.partition(":") if model.startswith("auto:") else (model, "", "")
    return name, task


def comes_with_key(attribute: Attribute) -> bool:
    """Whether an attribute says who the caller is, so that only the API key can tell it."""
    return attribute.source == "key"


def attributes_in_metadata(metadata: Mapping[str, Any], attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    """The attribute values that a chat body's metadata holds, each where its declaration says."""
    found = {}
    for attribute in attributes.values():
        place, _, path = attribute.source.partition(":")
        if place != "metadata":
            continue
        value: Any = metadata
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if value is not None:
            found[attribute.name] = value
    return found


def read_moment(written: object) -> datetime:
    """
    The moment that an ISO 8601 text names; without an offset it is UTC.

    Raises:
        ValueError: it is no such text.
    """
    try:
        moment = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"`at` must be a moment such as 2026-11-23T10:00:00Z, not `{written}`")
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name) or _NOTHING
    if not isinstance(value, Mapping):
        raise ValueError(f"`{name}` must be a JSON object")
    return value


def _wants_json(response_format: object) -> bool:
    return isinstance(response_format, Mapping) and response_format.get("type") in ("json_object", "json_schema")


def _refuse_text(request: Request) -> None:
    for name in ("id", "task", "input", "session", "user"):
        value = getattr(request, name)
        if not isinstance(value, str | None):
            raise TypeError(f"`{name}` of a request must be text, not {_kind(value)}")


def _refuse_mapping(request: Request) -> None:
    for name in ("attributes", "params", "wants", "tokens", "signals"):
        if not isinstance(getattr(request, name), Mapping):
            raise TypeError(f"`{name}` of a request must be a mapping, not {_kind(getattr(request, name))}")


def _check_mappings(name: str, values: Any) -> None:
    if isinstance(values, str | Mapping) or not isinstance(values, Sequence):
        raise TypeError(f"`{name}` of a request must be a list, not {_kind(values)}")
    for position, value in enumerate(values):
        if not isinstance(value, Mapping):
            raise TypeError(f"`{name}[{position}]` of a request must be a mapping, not {_kind(value)}")


def _check_tokens(tokens: Mapping[str, int]) -> None:
    for name, count in tokens.items():
        if name not in ("message", "input"):
            raise ValueError(f"unknown field `tokens.{name}` in a request; known are input, message")
        if type(count) is not int or count < 0:
            raise TypeError(f"`tokens.{name}` of a request must be a count, not `{count}`")


def _kind(value: object) -> str:
    kinds = {str: "text", bool: "a boolean", int: "a number", float: "a number", type(None): "nothing"}
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    return kinds.get(type(value), f"a `{type(value).__name__}`")
