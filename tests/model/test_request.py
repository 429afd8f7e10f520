"""Requests: built in Python, read from JSON, read from a chat completion's body."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.policy import Attribute, AttributeType
from policy_engine.model.request import Request, attributes_in_metadata, read_moment, read_request

HELLO = [{"role": "user", "content": "hi"}]

WRONG_TYPES: dict[str, dict[str, Any]] = {
    "`id` of a request must be text, not a number": {"id": 7},
    "`task` of a request must be text, not a list": {"task": ["a"]},
    "`input` of a request must be text, not a mapping": {"input": {}},
    "`session` of a request must be text, not a boolean": {"session": True},
    "`user` of a request must be text, not a number": {"user": 1.5},
    "`attributes` of a request must be a mapping, not text": {"attributes": "plan"},
    "`params` of a request must be a mapping, not a list": {"params": []},
    "`wants` of a request must be a mapping, not nothing": {"wants": None},
    "`signals` of a request must be a mapping, not a list": {"signals": []},
    "`messages` of a request must be a list, not text": {"messages": "hi"},
    "`messages[1]` of a request must be a mapping, not text": {"messages": [*HELLO, "hi"]},
    "`tools` of a request must be a list, not a mapping": {"tools": {"name": "f"}},
    "`tools[0]` of a request must be a mapping, not text": {"tools": ["f"]},
    "`tokens` of a request must be a mapping, not a number": {"tokens": 5},
    "`tokens.input` of a request must be a count, not `1.5`": {"tokens": {"input": 1.5}},
    "`tokens.message` of a request must be a count, not `-1`": {"tokens": {"message": -1}},
    "`tokens.message` of a request must be a count, not `True`": {"tokens": {"message": True}},
}


@pytest.mark.parametrize(("message", "fields"), WRONG_TYPES.items(), ids=WRONG_TYPES.keys())
def test_a_field_of_the_wrong_type_is_refused(message: str, fields: dict[str, Any]) -> None:
    """A field of the wrong type is a TypeError that names field and kind."""
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        Request(**fields)


WRONG_VALUES: dict[str, dict[str, Any]] = {
    "a request has `input` or `messages`, not both": {"input": "hi", "messages": HELLO},
    "unknown field `tokens.output` in a request; known are input, message": {"tokens": {"output": 5}},
    "`at` of a request must be a moment with its time zone, such as 2026-11-23T10:00:00Z": {
        "at": datetime(2026, 11, 23, 10)  # it has no zone
    },
}


@pytest.mark.parametrize(("message", "fields"), WRONG_VALUES.items(), ids=WRONG_VALUES.keys())
def test_a_request_that_contradicts_itself_is_refused(message: str, fields: dict[str, Any]) -> None:
    """What cannot be meant is a ValueError."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Request(**fields)


def test_a_line_of_json_is_read_field_by_field() -> None:
    """Every field of schema request.v1 arrives under its own name; null is absence."""
    written = {
        "id": "r1",
        "task": "generate_reply",
        "messages": HELLO,
        "attributes": {"plan": "pro"},
        "tools": [{"type": "function"}],
        "params": {"max_tokens": 400},
        "wants": {"stream": True, "model": "auto"},
        "session": "c42",
        "user": None,
        "tokens": {"message": 12, "input": 4000},
        "at": "2026-11-23T11:00:00+01:00",
        "signals": {"cache": {"support": {"similarity": 0.97}}},
    }

    assert read_request(written) == Request(
        id="r1",
        task="generate_reply",
        messages=HELLO,
        attributes={"plan": "pro"},
        tools=[{"type": "function"}],
        params={"max_tokens": 400},
        wants={"stream": True, "model": "auto"},
        session="c42",
        tokens={"message": 12, "input": 4000},
        at=datetime(2026, 11, 23, 11, tzinfo=timezone(timedelta(hours=1))),
        signals={"cache": {"support": {"similarity": 0.97}}},
    )


REFUSED: dict[str, Any] = {
    "a request must be a JSON object": [],
    "unknown field `inptu` in a request; known are at, attributes, id, input, messages, params, session, signals, "
    "task, tokens, tools, user, wants": {"inptu": "hi"},
    "`input` of a request must be text, not a list": {"input": ["hi"]},
    "`at` must be a moment such as 2026-11-23T10:00:00Z, not `tomorrow`": {"at": "tomorrow"},
    "`at` must be a moment such as 2026-11-23T10:00:00Z, not `5`": {"at": 5},
    "`metadata` must be a JSON object": {"model": "auto", "metadata": "task"},
    "`attributes` must be a JSON object": {"model": "auto", "attributes": "plan"},
    "`wants` must be a JSON object": {"model": "auto", "wants": ["json"]},
    "`task` of a request must be text, not a number": {"model": "auto", "metadata": {"task": 5}},
}


@pytest.mark.parametrize(("message", "written"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_no_request_is_refused_in_words(message: str, written: Any) -> None:
    """JSON that is no request is a ValueError that says which field is wrong, without words of Python."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_request(written)


def test_a_chat_body_is_read_as_serving_reads_it() -> None:
    """The body of a chat completion gives task, wants, params and attributes; what it has besides is left out."""
    body = {
        "model": "auto:code",
        "messages": HELLO,
        "stream": True,
        "stream_options": {"include_usage": True},
        "response_format": {"type": "json_schema", "json_schema": {}},
        "max_completion_tokens": 300,
        "max_tokens": 5,
        "temperature": 0.1,
        "top_p": None,
        "metadata": {"task": "chat", "plan": "pro", "org": {"team": "red"}, "other": 1},
        "user": "u7",
        "at": "2026-11-23T10:00:00",
    }

    read = read_request(body, attributes={"plan": _attribute("plan"), "team": _attribute("team", "metadata:org.team")})

    assert read == Request(
        task="code",
        messages=HELLO,
        attributes={"plan": "pro", "team": "red"},
        params={"max_tokens": 300, "temperature": 0.1},
        wants={"stream": True, "json": True, "model": "auto"},
        user="u7",
        at=datetime(2026, 11, 23, 10, tzinfo=UTC),
    )


def test_a_chat_body_may_name_a_model_and_say_no_more() -> None:
    """A body with a model only wants that model, neither a stream nor JSON."""
    assert read_request({"model": "auto:"}) == Request(wants={"stream": False, "json": False, "model": "auto"})
    assert read_request({"model": "opus", "messages": []}).wants == {"stream": False, "json": False, "model": "opus"}
    assert read_request({"stream": False, "response_format": {"type": "text"}}).wants["json"] is False


def test_metadata_holds_attributes_where_they_say() -> None:
    """Only attributes that come from metadata are read from it, along their path."""
    declared = {
        "plan": _attribute("plan"),
        "team": _attribute("team", "metadata:org.team"),
        "tenant": _attribute("tenant", "key"),
        "tier": _attribute("tier", "header:X-Tier"),
    }

    found = attributes_in_metadata({"plan": 5, "org": {"team": None}, "tenant": "t", "tier": "x"}, declared)

    assert found == {"plan": 5}


def test_a_moment_without_an_offset_is_utc() -> None:
    """A moment keeps its offset, and has that of UTC where it names none."""
    assert read_moment("2026-11-23T10:00:00") == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert read_moment("2026-11-23T10:00:00.5Z") == datetime(2026, 11, 23, 10, 0, 0, 500_000, tzinfo=UTC)
    assert read_moment("2026-11-23T10:00:00+02:00").utcoffset() == timedelta(hours=2)


def _attribute(name: str, source: str | None = None) -> Attribute:
    return Attribute(
        name=name, type=AttributeType.STRING, address=Address("a.yaml"), source=source or f"metadata:{name}"
    )
