"""An answer of Anthropic's messages API as a Reply in OpenAI's shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policy_engine.model.call import Failure, Reply, Usage
from policy_engine.providers.openai import CONTENT_BLOCKS
from policy_engine.providers.refusal import malformed, told_error

_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def read_message(payload: Mapping[str, Any], elapsed_s: float) -> Reply | Failure:
    """The Reply that a `message` is, or the Failure that it tells."""
    if payload.get("type") == "error" or payload.get("error"):
        return told_error(payload.get("error"), elapsed_s=elapsed_s, may_be_billed=False)
    content = payload.get("content")
    if not isinstance(content, list) or not all(isinstance(block, Mapping) for block in content):
        return malformed("the answer holds no message", elapsed_s=elapsed_s)
    served_by = payload.get("model")
    return Reply(
        message=message_of(content),
        finish_reason=finish_reason(payload.get("stop_reason")) or "stop",
        usage=read_usage(payload.get("usage")),
        elapsed_s=elapsed_s,
        served_by=served_by if isinstance(served_by, str) else None,
        body=payload,
    )


def message_of(blocks: list[Mapping[str, Any]]) -> dict[str, Any]:
    """
    Blocks as an assistant's message.

    Blocks that OpenAI's shape has no place for (thinking, citations, server tools) would be missed when the message
    is sent back, so the whole list is kept beside it.
    """
    texts = [str(block.get("text", "")) for block in blocks if block.get("type") == "text"]
    thoughts = [str(block.get("thinking", "")) for block in blocks if block.get("type") == "thinking"]
    calls = [_tool_call(block) for block in blocks if block.get("type") == "tool_use"]
    message: dict[str, Any] = {"role": "assistant", "content": "".join(texts) if texts else None}
    if calls:
        message["tool_calls"] = calls
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if not all(_has_place(block) for block in blocks):
        message[CONTENT_BLOCKS] = blocks
    return message


def finish_reason(stop_reason: object) -> str | None:
    """Why an answer ended, in OpenAI's words where there is one, else in the API's own; None if it did not say."""
    return _FINISH_REASONS.get(stop_reason, stop_reason) if isinstance(stop_reason, str) else None


def read_usage(usage: object) -> Usage | None:
    """What `usage` says, tokens that wrote or came from the cache included; None if it does not say."""
    if not isinstance(usage, Mapping) or not isinstance(usage.get("input_tokens"), int):
        return None
    cached, written = _count(usage, "cache_read_input_tokens"), _count(usage, "cache_creation_input_tokens")
    return Usage(
        input_tokens=_count(usage, "input_tokens") + cached + written,
        output_tokens=_count(usage, "output_tokens"),
        cached_input_tokens=cached,
        cache_write_tokens=written,
        cache_write_1h_tokens=min(written, _written_for_an_hour(usage)),
    )


def _written_for_an_hour(usage: Mapping[str, Any]) -> int:
    created = usage.get("cache_creation")
    return _count(created, "ephemeral_1h_input_tokens") if isinstance(created, Mapping) else 0


def _has_place(block: Mapping[str, Any]) -> bool:
    fields = {"text": {"type", "text"}, "tool_use": {"type", "id", "name", "input"}}.get(str(block.get("type")))
    return fields is not None and {name for name, value in block.items() if value is not None} <= fields


def _tool_call(block: Mapping[str, Any]) -> dict[str, Any]:
    arguments = json.dumps(block.get("input", {}), ensure_ascii=False)
    return {
        "id": block.get("id"),
        "type": "function",
        "function": {"name": block.get("name"), "arguments": arguments},
    }


def _count(usage: Mapping[str, Any], name: str) -> int:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
