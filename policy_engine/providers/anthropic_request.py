"""A prompt in OpenAI's shape as the body of Anthropic's messages API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policy_engine.model.call import Prompt
from policy_engine.providers.anthropic_content import blocks_of
from policy_engine.providers.openai import CONTENT_BLOCKS

DEFAULT_MAX_TOKENS = 4096
"""This API wants a bound on every answer; this is the one of callers who give none."""

_JSON_ONLY = "Answer with one JSON object and nothing else."

# Fields that only OpenAI's API knows; Anthropic's refuses a body that has them.
_OPENAI_ONLY = frozenset(
    (
        *("audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "modalities", "n"),
        *("prediction", "presence_penalty", "prompt_cache_key", "reasoning_effort", "safety_identifier", "seed"),
        *("store", "stream", "stream_options", "top_logprobs", "verbosity", "web_search_options"),
    )
)
# Fields that have a counterpart, built below.
_TRANSLATED = frozenset(
    (
        *("max_completion_tokens", "max_tokens", "messages", "metadata", "model", "parallel_tool_calls"),
        *("response_format", "service_tier", "stop", "temperature", "tool_choice", "tools", "user"),
    )
)


def messages_body(prompt: Prompt, model: str) -> dict[str, Any]:
    """
    The body of a call; `params` win over `extra`.

    System messages go to `system`, wherever they stand; fields that only OpenAI knows are left out, unknown ones go
    through. `temperature` is at most 1 here.
    """
    asked = {**prompt.extra, **prompt.params}
    if "max_completion_tokens" in prompt.params:
        asked.pop("max_tokens", None)
    body = {name: value for name, value in asked.items() if name not in _OPENAI_ONLY | _TRANSLATED}
    body["model"] = model
    body["max_tokens"] = _bound(asked)
    body["messages"] = _turns(prompt.messages)
    optional = {
        "system": _system(prompt.messages, asked.get("response_format")) or asked.get("system"),
        "tools": [_tool(tool) for tool in prompt.tools],
        "tool_choice": _tool_choice(asked) if prompt.tools else None,
        "stop_sequences": _stops(asked.get("stop")) or asked.get("stop_sequences"),
        "temperature": _temperature(asked.get("temperature")),
        "metadata": _metadata(asked),
        "service_tier": _service_tier(asked.get("service_tier")),
        "output_config": _output_config(asked),
    }
    body.update({name: value for name, value in optional.items() if value not in (None, [], {})})
    return body


def _bound(asked: Mapping[str, Any]) -> Any:
    stated = asked.get("max_tokens")
    return stated if stated is not None else asked.get("max_completion_tokens") or DEFAULT_MAX_TOKENS


def _system(messages: Iterable[Mapping[str, Any]], response_format: object) -> str | list[dict[str, Any]]:
    blocks = [block for message in messages if _is_system(message) for block in blocks_of(message.get("content"))]
    if isinstance(response_format, Mapping) and response_format.get("type") == "json_object":
        blocks.append({"type": "text", "text": _JSON_ONLY})
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return str(blocks[0]["text"])
    return blocks


def _is_system(message: Mapping[str, Any]) -> bool:
    return message.get("role") in ("system", "developer")


def _turns(messages: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The conversation; what stands side by side for one role becomes one turn, as tool results must."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        if _is_system(message):
            continue
        role = "assistant" if message.get("role") == "assistant" else "user"
        blocks = _blocks(message)
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        elif blocks:
            turns.append({"role": role, "content": blocks})
    return [_shortened(turn) for turn in turns]


def _shortened(turn: dict[str, Any]) -> dict[str, Any]:
    """A turn of one plain text as a text."""
    content = turn["content"]
    if len(content) == 1 and content[0].keys() == {"type", "text"}:
        return {**turn, "content": content[0]["text"]}
    return turn


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    if message.get("role") == "assistant":
        kept = message.get(CONTENT_BLOCKS)
        if isinstance(kept, list) and kept:
            return list(kept)
        return [*blocks_of(message.get("content")), *_tool_uses(message.get("tool_calls"))]
    if message.get("role") in ("tool", "function"):
        return [_tool_result(message)]
    return blocks_of(message.get("content"))


def _tool_uses(calls: object) -> Iterator[dict[str, Any]]:
    for call in calls if isinstance(calls, list | tuple) else ():
        function = call.get("function") or {}
        yield {
            "type": "tool_use",
            "id": call.get("id"),
            "name": function.get("name"),
            "input": _arguments(function.get("arguments")),
        }


def _arguments(written: object) -> Mapping[str, Any]:
    """Arguments as an object; what a model wrote that is none is kept as its only entry."""
    if isinstance(written, Mapping):
        return written
    try:
        read = json.loads(str(written or "{}"))
    except (ValueError, RecursionError):
        read = None
    return read if isinstance(read, dict) else {"arguments": written}


def _tool_result(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": message.get("tool_call_id")}
    if content:
        result["content"] = content if isinstance(content, str) else blocks_of(content)
    if message.get("is_error") is True or message.get("status") == "error":
        result["is_error"] = True
    return result


def _tool(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """A function with its schema; what is no function is the API's own tool and goes through."""
    function = tool.get("function")
    if not isinstance(function, Mapping):
        return tool
    outer = {name: value for name, value in tool.items() if name not in ("type", "function")}
    inner = {name: value for name, value in function.items() if name != "parameters"}
    return {**outer, **inner, "input_schema": function.get("parameters") or {"type": "object", "properties": {}}}


def _tool_choice(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    choice = asked.get("tool_choice")
    words = {"auto": "auto", "none": "none", "required": "any"}
    translated: dict[str, Any] | None = None
    if isinstance(choice, str) and choice in words:
        translated = {"type": words[choice]}
    elif isinstance(choice, Mapping):
        function = choice.get("function")
        named = isinstance(function, Mapping)
        translated = {"type": "tool", "name": function.get("name")} if named else dict(choice)  # type: ignore[union-attr]  # a mapping if named
    if asked.get("parallel_tool_calls") is False and (translated or {}).get("type") != "none":
        return {**(translated or {"type": "auto"}), "disable_parallel_tool_use": True}
    return translated


def _stops(stop: object) -> list[Any]:
    return [stop] if isinstance(stop, str) else list(stop) if isinstance(stop, list | tuple) else []


def _temperature(asked: object) -> object:
    return min(asked, 1) if isinstance(asked, int | float) else None


def _metadata(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The only entry that the API takes: whom the call is for."""
    metadata = asked.get("metadata")
    user = metadata.get("user_id") if isinstance(metadata, Mapping) else None
    user = user or asked.get("user")
    return {"user_id": user} if user else {}


def _service_tier(asked: object) -> object:
    return asked if asked in ("auto", "standard_only") else None


def _output_config(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON Schema for the answer, beside what the caller set there."""
    stated = asked.get("output_config")
    config = dict(stated) if isinstance(stated, Mapping) else {}
    wanted = asked.get("response_format")
    described = wanted.get("json_schema") if isinstance(wanted, Mapping) else None
    if isinstance(described, Mapping) and "schema" in described:
        config["format"] = {"type": "json_schema", "schema": described["schema"]}
    return config
