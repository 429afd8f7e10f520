"""Conversations of a given shape, as messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/image.png"}}


def messages_of(shape: Mapping[str, int], *, message: str | None, system: str | None) -> list[dict[str, Any]]:
    """
    Messages with at least these counts, and exactly these where they are given.

    Args:
        shape: counts by their names under `conversation`; `has_system` and `in_tool_loop` are 0 or 1.
        message: the newest user text; None for none.
        system: text of a system prompt; None for none unless the shape wants one.
    """
    wanted = {**_LEAST, **shape}
    made: list[dict[str, Any]] = []
    if system is not None or wanted["has_system"]:
        made.append({"role": "system", "content": system or "."})
    turns = max(wanted["turns"], 1 if message is not None or wanted["images"] else 0)
    users: list[dict[str, Any]] = [{"role": "user", "content": ""} for _ in range(turns)]
    if message is not None:
        users[-1] = {"role": "user", "content": message}
    if wanted["images"]:
        text: list[dict[str, Any]] = [{"type": "text", "text": message}] if message is not None else []
        users[-1] = {"role": "user", "content": [*text, *[_IMAGE] * wanted["images"]]}
    calls = max(wanted["tool_calls"], wanted["repeats"] + 1 if wanted["repeats"] else 0)
    assistants = [_calling(calls, wanted["repeats"])] if calls else []
    results = max(wanted["tool_results"], wanted["tool_errors"], wanted["in_tool_loop"])
    tools = [_result(number, failed=number < wanted["tool_errors"]) for number in range(results)]
    missing = wanted["messages"] - len(made) - len(users) - len(assistants) - len(tools)
    idle = [{"role": "assistant", "content": ""} for _ in range(max(0, missing))]
    rest = [*users, *assistants, *tools] if wanted["in_tool_loop"] else [*assistants, *tools, *users]
    made += [*idle, *rest]
    if tools and not users and not wanted["in_tool_loop"]:
        made.append({"role": "assistant", "content": ""})
    return made or [{"role": "assistant", "content": ""}]


def tools_of(count: int) -> list[dict[str, Any]]:
    """So many tool definitions."""
    return [{"type": "function", "function": {"name": f"tool_{number}"}} for number in range(count)]


def _calling(calls: int, repeats: int) -> dict[str, Any]:
    """A message with so many tool calls, the last of which is as often repeated."""
    numbers = [*range(calls - repeats - 1), *[calls] * (repeats + 1)]
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {"id": f"call_{place}", "type": "function", "function": {"name": "look", "arguments": f'{{"n": {number}}}'}}
            for place, number in enumerate(numbers)
        ],
    }


def _result(number: int, *, failed: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"role": "tool", "tool_call_id": f"call_{number}", "content": ""}
    return {**result, "is_error": True} if failed else result


_LEAST = {
    "messages": 0,
    "turns": 0,
    "tools": 0,
    "tool_calls": 0,
    "tool_results": 0,
    "tool_errors": 0,
    "images": 0,
    "repeats": 0,
    "has_system": 0,
    "in_tool_loop": 0,
}
