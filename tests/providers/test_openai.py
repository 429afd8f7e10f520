"""Prompts become bodies of chat completions, and completions replies."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine.model.call import Prompt, Reply, Usage
from policy_engine.providers.openai import chat_body, openai_dialect, own_body, read_completion
from tests.servers.openai_wire import completion

USER = {"role": "user", "content": "Hi"}


def test_everything_of_a_prompt_goes_through() -> None:
    """Messages, images, tools, JSON mode and unknown fields are sent untouched; the caller's streaming is not."""
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}}
    messages = ({"role": "system", "content": "s"}, {"role": "user", "content": [image], "name": "ann"})
    tools = ({"type": "function", "function": {"name": "f", "parameters": {}}},)
    extra = {"response_format": {"type": "json_object"}, "seed": 7, "x": {"y": 1}, "stream": True, "model": "auto"}

    body = chat_body(Prompt(messages=messages, tools=tools, extra=extra, params={"temperature": 0}), "m")

    assert body == {
        "model": "m",
        "messages": list(messages),
        "tools": list(tools),
        "response_format": {"type": "json_object"},
        "seed": 7,
        "x": {"y": 1},
        "temperature": 0,
    }


def test_blocks_of_another_api_are_left_out() -> None:
    """What Anthropic's reply keeps beside its message is not sent to servers that would refuse it."""
    said = {"role": "assistant", "content": "So.", "content_blocks": [{"type": "text", "text": "So."}]}

    assert chat_body(Prompt(messages=(said,)), "m")["messages"] == [{"role": "assistant", "content": "So."}]


@pytest.mark.parametrize(
    ("extra", "params", "sent"),
    [
        ({"max_tokens": 9}, {}, {"max_completion_tokens": 9}),
        ({"max_completion_tokens": 9}, {"max_tokens": 12}, {"max_completion_tokens": 12}),
        ({}, {"max_tokens": 12, "max_completion_tokens": 8}, {"max_completion_tokens": 8}),
        ({}, {}, {}),
    ],
)
def test_openai_itself_gets_the_bound_under_its_new_name(
    extra: dict[str, Any], params: dict[str, Any], sent: dict[str, Any]
) -> None:
    """The bound on the answer, a policy's before the caller's, is sent as `max_completion_tokens`."""
    body = own_body(Prompt(messages=(USER,), extra=extra, params=params), "m")

    assert body == {"model": "m", "messages": [USER], **sent}


def test_compatible_servers_get_the_bound_as_it_was_given() -> None:
    """Servers that may not know the new name get the old one if it was used."""
    prompt = Prompt(messages=(USER,), params={"max_tokens": 9})

    assert openai_dialect("http://localhost:8000/v1").whole_body(prompt, "m")["max_tokens"] == 9
    assert openai_dialect().whole_body(prompt, "m")["max_completion_tokens"] == 9


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://localhost:8000/v1", "http://localhost:8000/v1/chat/completions"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1/chat/completions"),
        ("https://x.example/d?api-version=1", "https://x.example/d/chat/completions?api-version=1"),
    ],
)
def test_the_path_is_put_behind_the_address(base_url: str, url: str) -> None:
    """With or without a slash at its end, and before a query."""
    assert openai_dialect(base_url).path(base_url) == url


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({}, None),
        ({"prompt_tokens": 3, "completion_tokens": 4}, Usage(input_tokens=3, output_tokens=4)),
        (
            {"prompt_tokens": 3, "completion_tokens": 4, "prompt_cache_hit_tokens": 2},
            Usage(input_tokens=3, output_tokens=4, cached_input_tokens=2),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cache_write_tokens": 5}},
            Usage(input_tokens=9, output_tokens=4, cache_write_tokens=5),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cache_creation_tokens": 5}},
            Usage(input_tokens=9, output_tokens=4, cache_write_tokens=5),
        ),
        ({"prompt_tokens": "3", "completion_tokens": None}, None),
        (
            {"prompt_tokens": 3, "completion_tokens": 0, "prompt_tokens_details": None},
            Usage(input_tokens=3, output_tokens=0),
        ),
    ],
)
def test_usage_is_read_or_unknown(usage: dict[str, Any] | None, expected: Usage | None) -> None:
    """What the server counts is read, cached and written tokens under either name; what it does not say is unknown."""
    reply = read_completion(completion(usage=usage), 0.5)

    assert isinstance(reply, Reply)
    assert reply.usage == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, None),
        ({"content": None}, None),
        ({"content": []}, None),
        ({"content": [{"logprob": -0.5}, {"logprob": 0}]}, (-0.5, 0.0)),
        ({"token_logprobs": [None, -1.0]}, (-1.0,)),
    ],
)
def test_token_probabilities_are_read_in_both_forms(told: object, expected: tuple[float, ...] | None) -> None:
    """Of the present form and the older one; none are None."""
    payload = completion()
    payload["choices"][0]["logprobs"] = told

    reply = read_completion(payload, 0.5)

    assert isinstance(reply, Reply)
    assert reply.logprobs == expected
