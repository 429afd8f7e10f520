"""Tests of what a client can say over the wire, and of what it cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest

from policy_engine.diagnostics import Address
from policy_engine.model.client_body import read_client_body
from policy_engine.model.policy import Attribute, AttributeType
from policy_engine.model.request import Request, read_request

HELLO = [{"role": "user", "content": "hello"}]
WANTS = {"stream": False, "json": False, "model": "auto"}


def attribute(name: str, source: str, kind: AttributeType = AttributeType.STRING) -> Attribute:
    """A declared attribute."""
    return Attribute(name=name, type=kind, address=Address("policy.yaml"), source=source)


ATTRIBUTES = {
    "tenant": attribute("tenant", "key"),
    "plan": attribute("plan", "metadata:plan"),
    "tier": attribute("tier", "header:X-Tier"),
    "seats": attribute("seats", "metadata:seats", AttributeType.INTEGER),
    "teams": attribute("teams", "metadata:teams", AttributeType.LIST),
}


def read(body: object, *, of_key: dict[str, Any] | None = None, **headers: str) -> Request:
    """The request of a client."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read_client_body(body, attributes=ATTRIBUTES, of_key=of_key or {}, headers=named)


def test_a_client_says_what_it_asks() -> None:
    """Conversation, parameters, task and the attributes of metadata and headers are its own."""
    body = {
        "model": "auto",
        "messages": HELLO,
        "stream": True,
        "temperature": 0.1,
        "metadata": {"task": "chat", "plan": "pro", "seats": 3},
        "user": "u7",
    }

    found = read(body, of_key={"tenant": "acme"}, x_tier="gold", x_policy_attribute_plan="free")

    assert found == Request(
        task="chat",
        messages=HELLO,
        attributes={"plan": "free", "seats": 3, "tier": "gold", "tenant": "acme"},
        params={"temperature": 0.1},
        wants={**WANTS, "stream": True},
        user="u7",
    )


CLAIMS: list[dict[str, Any]] = [
    {"attributes": {"tenant": "theirs", "plan": "pro"}},
    {"metadata": {"tenant": "theirs", "key": "theirs", "attributes": {"tenant": "theirs"}}},
    {"tenant": "theirs"},
    {"signals": {"budget": {"tenant_daily": {"used": 0}}}, "tokens": {"message": 1}, "at": "2026-01-01T00:00:00Z"},
    {"wants": {"model": "opus"}, "id": "r1", "session": "c1", "input": "x", "task": "cheap", "params": {"n": 2}},
]


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("of_key", [{"tenant": "acme"}, {}])
def test_a_client_cannot_say_who_it_is(claim: dict[str, Any], of_key: dict[str, Any]) -> None:
    """Nothing in a body sets an attribute of the key, a signal, the moment, or anything else that its API has not."""
    found = read({"model": "auto", "messages": HELLO, **claim}, of_key=of_key, x_policy_attribute_tenant="theirs")

    assert found == Request(messages=HELLO, attributes=of_key, wants=WANTS)


def test_a_key_says_no_more_than_it_may() -> None:
    """What is on file for a key and is not declared to come with it does not count."""
    found = read({"messages": HELLO}, of_key={"tenant": "acme", "plan": "pro", "other": 1})

    assert found == Request(messages=HELLO, attributes={"tenant": "acme"}, wants=WANTS)


def test_the_model_names_the_task_before_the_header_does() -> None:
    """`auto:TASK` wins over the header, and the header over metadata."""
    metadata = {"metadata": {"task": "metadata"}}

    assert read({"model": "auto:model", **metadata}, x_policy_task="header").task == "model"
    assert read({"model": "auto", **metadata}, x_policy_task="header").task == "header"
    assert read({"model": "auto", **metadata}).task == "metadata"


@pytest.mark.parametrize(
    ("header", "written", "value"),
    [
        ("seats", "12", 12),
        ("seats", "many", "many"),
        ("teams", "red, blue", ["red", "blue"]),
        ("teams", '["red"]', ["red"]),
    ],
)
def test_headers_hold_values_of_the_declared_type(header: str, written: str, value: object) -> None:
    """What is nothing of the type stays a text, which the decision lists as invalid."""
    assert read({}, **{f"x_policy_attribute_{header}": written}).attributes == {header: value}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "the body of a chat completion must be a JSON object"),
        ({"metadata": "task"}, "`metadata` must be a JSON object"),
        ({"messages": "hello"}, "`messages` of a request must be a list, not text"),
    ],
)
def test_what_is_no_body_is_refused_in_words(body: object, message: str) -> None:
    """A ValueError says which field is wrong."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read(body)


def test_a_sample_in_the_shape_of_a_client_says_no_more_than_a_client() -> None:
    """A dry run of a chat body that sets an attribute of the key is refused; a plain sample may set it."""
    plain = {"messages": HELLO, "attributes": {"tenant": "acme"}}
    with pytest.raises(ValueError, match="attribute `tenant` comes with the API key"):
        read_request({"model": "auto", **plain}, attributes=ATTRIBUTES)

    assert read_request(plain, attributes=ATTRIBUTES) == Request(messages=HELLO, attributes={"tenant": "acme"})
    assert read_request({"model": "auto", "attributes": {"plan": "pro"}}, attributes=ATTRIBUTES).attributes == {
        "plan": "pro"
    }
