"""Prompts in OpenAI's shape become bodies of Anthropic's messages API."""

from __future__ import annotations

from typing import Any

import pytest

from policy_engine.model.call import Prompt, Reply, Usage
from policy_engine.providers.anthropic_reply import read_message
from policy_engine.providers.anthropic_request import messages_body
from tests.servers.anthropic_wire import message


def _prompt(*messages: dict[str, Any], **more: Any) -> Prompt:
    return Prompt(messages=messages or ({"role": "user", "content": "Hi"},), **more)


def test_system_messages_become_the_system_prompt() -> None:
    """One plain system message is a text; several, or marked ones, are blocks in order."""
    plain = messages_body(_prompt({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}), "m")
    marked = {"type": "text", "text": "Long.", "cache_control": {"type": "ephemeral"}}
    several = messages_body(
        _prompt(
            {"role": "system", "content": [marked]},
            {"role": "user", "content": "Hi"},
            {"role": "developer", "content": "Short."},
        ),
        "m",
    )

    assert plain == {
        "model": "m",
        "max_tokens": 4096,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hi"}],
    }
    assert several["system"] == [marked, {"type": "text", "text": "Short."}]
    assert several["messages"] == [{"role": "user", "content": "Hi"}]


def test_images_and_files_become_blocks() -> None:
    """Images by data URL and by address, and files, become sources; parts of its own go through."""
    own = {"type": "search_result", "source": "x", "title": "t", "content": []}
    parts = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk=", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="}},
        own,
        {"type": "text", "text": ""},
    ]

    body = messages_body(_prompt({"role": "user", "content": parts}), "m")

    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "Look:"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
            "title": "a.pdf",
        },
        own,
    ]


def test_tool_calls_and_their_results_become_blocks() -> None:
    """Calls are tool_use blocks; results side by side, and what the user adds, are one turn."""
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "not json"}},
    ]
    body = messages_body(
        _prompt(
            {"role": "user", "content": "Go"},
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": "broken", "is_error": True},
            {"role": "user", "content": "And?"},
        ),
        "m",
    )

    assert body["messages"] == [
        {"role": "user", "content": "Go"},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
                {"type": "tool_use", "id": "b", "name": "g", "input": {"arguments": "not json"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "1"},
                {"type": "tool_result", "tool_use_id": "b", "content": "broken", "is_error": True},
                {"type": "text", "text": "And?"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("asked", "translated"),
    [
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": {"type": "function", "function": {"name": "f"}}}, {"type": "tool", "name": "f"}),
        ({"tool_choice": {"type": "any"}}, {"type": "any"}),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
    ],
)
def test_the_choice_of_tools_is_translated(asked: dict[str, Any], translated: dict[str, Any]) -> None:
    """Every way to say which tool may be used has its counterpart."""
    tools = ({"type": "function", "function": {"name": "f"}},)

    assert messages_body(_prompt(tools=tools, extra=asked), "m")["tool_choice"] == translated


def test_tools_are_translated() -> None:
    """Functions carry their schema over; a tool of the API's own goes through."""
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    own = {"type": "web_search_20250305", "name": "web_search"}
    function = {"name": "f", "description": "d", "parameters": schema, "strict": True}

    body = messages_body(_prompt(tools=({"type": "function", "function": function}, own)), "m")

    assert body["tools"] == [{"name": "f", "description": "d", "strict": True, "input_schema": schema}, own]


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_completion_tokens": 6}, {"max_tokens": 6}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"temperature": 1.5}, {"temperature": 1}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"user": "u7"}, {"metadata": {"user_id": "u7"}}),
        ({"metadata": {"task": "x", "user_id": "u8"}, "user": "u7"}, {"metadata": {"user_id": "u8"}}),
        ({"metadata": {"task": "x"}}, {}),
        ({"service_tier": "flex"}, {}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"seed": 1, "logit_bias": {}, "n": 1, "logprobs": True, "stream": True}, {}),
        ({"top_p": 0.9, "top_k": 5, "thinking": {"type": "disabled"}}, None),
        ({"response_format": {"type": "text"}}, {}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "r", "schema": {"type": "object"}}}},
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        ),
        (
            {"response_format": {"type": "json_object"}},
            {"system": "Answer with one JSON object and nothing else."},
        ),
    ],
)
def test_parameters_are_translated(asked: dict[str, Any], sent: dict[str, Any] | None) -> None:
    """Each parameter has its counterpart, goes through, or is left out where the API would refuse it."""
    expected = {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "Hi"}]}

    assert messages_body(_prompt(params=asked), "m") == {**expected, **(asked if sent is None else sent)}


def test_params_win_over_the_callers_body() -> None:
    """What a policy sets stands above what the caller sent, under either name of a bound."""
    body = messages_body(_prompt(extra={"max_tokens": 99, "top_p": 1}, params={"max_completion_tokens": 5}), "m")

    assert (body["max_tokens"], body["top_p"]) == (5, 1)


def test_an_answers_own_blocks_go_back_as_they_came() -> None:
    """Thinking and citations come back in the reply's message and are sent again without loss."""
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s1"},
        {"type": "text", "text": "So.", "citations": [{"type": "char_location", "cited_text": "x"}]},
        {"type": "tool_use", "id": "a", "name": "f", "input": {}},
    ]
    reply = read_message(message(*blocks, stop_reason="tool_use"), 0.5)
    assert isinstance(reply, Reply)

    body = messages_body(_prompt({"role": "user", "content": "Hi"}, dict(reply.message)), "m")

    assert (reply.text, reply.message["reasoning_content"]) == ("So.", "hm")
    assert body["messages"][1] == {"role": "assistant", "content": blocks}


@pytest.mark.parametrize(
    ("stop_reason", "finish_reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "pause_turn"),
    ],
)
def test_stop_reasons_are_translated(stop_reason: str, finish_reason: str) -> None:
    """Known reasons have OpenAI's word; others keep their own."""
    reply = read_message(message(stop_reason=stop_reason), 0.5)

    assert isinstance(reply, Reply)
    assert reply.finish_reason == finish_reason


def test_what_was_written_to_the_cache_is_counted_by_how_long_it_is_kept() -> None:
    """Both kinds are part of the input; what is kept for an hour has a price of its own."""
    created = {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 50}
    told = {
        "input_tokens": 8,
        "cache_creation_input_tokens": 150,
        "cache_read_input_tokens": 4,
        "cache_creation": created,
        "output_tokens": 3,
    }

    reply = read_message({**message(), "usage": told}, 0.5)

    assert isinstance(reply, Reply)
    assert reply.usage == Usage(
        input_tokens=162,
        output_tokens=3,
        cached_input_tokens=4,
        cache_write_tokens=150,
        cache_write_1h_tokens=50,
    )
