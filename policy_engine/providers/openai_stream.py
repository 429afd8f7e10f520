"""A streamed chat completion put together again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policy_engine.model.call import Chunk, Failure
from policy_engine.providers.refusal import malformed, told_error
from policy_engine.providers.sse import Event

# Names, which come once or again and again, but never in parts; every other text comes in parts.
_WHOLE_TEXTS = frozenset(("role", "id", "type", "name", "index"))


class ChatAssembler:
    """The Assembler of `chat.completion.chunk`s. Only the first choice is put together."""

    def __init__(self) -> None:
        self._head: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._logprobs: list[Any] = []
        self._finish_reason: str | None = None
        self._is_done = False

    @property
    def is_whole(self) -> bool:
        """Whether a finish reason, or the end of everything, has come."""
        return self._is_done or self._finish_reason is not None

    @property
    def is_over(self) -> bool:
        """Whether `[DONE]` has come."""
        return self._is_done

    def take(self, event: Event) -> Chunk | Failure | None:
        """What an event adds; a Failure if it tells of an error or makes no sense; None at `[DONE]`."""
        if event.data.strip() == "[DONE]":
            self._is_done = True
            return None
        try:
            chunk = json.loads(event.data)
        except (ValueError, RecursionError):
            return malformed("an event of the stream is no JSON", elapsed_s=0.0)
        if not isinstance(chunk, dict):
            return malformed("an event of the stream is no object", elapsed_s=0.0)
        if chunk.get("error") or event.name == "error":
            return told_error(chunk.get("error", chunk), elapsed_s=0.0, may_be_billed=bool(self._head))
        return Chunk(text=self._add(chunk), event=chunk)

    def body(self) -> Mapping[str, Any]:
        """The answer so far as a `chat.completion`."""
        message = {"role": "assistant", "content": None, **self._message}
        if "tool_calls" in message:
            message["tool_calls"] = [_without_index(call) for call in message["tool_calls"]]
        logprobs = {"logprobs": {"content": self._logprobs}} if self._logprobs else {}
        choice = {"index": 0, "message": message, "finish_reason": self._finish_reason, **logprobs}
        return {**self._head, "object": "chat.completion", "choices": [choice]}

    def _add(self, chunk: Mapping[str, Any]) -> str:
        self._head.update({name: value for name, value in chunk.items() if name != "choices" and value is not None})
        text = ""
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping) and choice.get("index", 0) == 0:
                text += self._add_choice(choice)
        return text

    def _add_choice(self, choice: Mapping[str, Any]) -> str:
        if isinstance(choice.get("finish_reason"), str):
            self._finish_reason = choice["finish_reason"]
        logprobs = choice.get("logprobs")
        if isinstance(logprobs, Mapping) and isinstance(logprobs.get("content"), list):
            self._logprobs += logprobs["content"]
        delta = choice.get("delta")
        if not isinstance(delta, Mapping):
            return ""
        _merge(self._message, delta)
        content = delta.get("content")
        return content if isinstance(content, str) else ""


def _merge(whole: dict[str, Any], delta: Mapping[str, Any]) -> None:
    """Adds a delta: texts grow, lists grow by their entries' `index`, objects are merged, other values replace."""
    for name, value in delta.items():
        known = whole.get(name)
        if value is None:
            continue
        if isinstance(value, str) and isinstance(known, str):
            whole[name] = (known or value) if name in _WHOLE_TEXTS else known + value
        elif isinstance(value, Mapping):
            whole[name] = _merged(known, value)
        elif isinstance(value, list):
            whole[name] = _merged_list(known, value)
        else:
            whole[name] = value


def _merged(known: object, value: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(known) if isinstance(known, Mapping) else {}
    _merge(whole, value)
    return whole


def _merged_list(known: object, entries: list[Any]) -> list[Any]:
    whole = list(known) if isinstance(known, list) else []
    for entry in entries:
        place = _place(whole, entry)
        if place is None:
            whole.append(_merged({}, entry) if isinstance(entry, Mapping) else entry)
        else:
            whole[place] = _merged(whole[place], entry)
    return whole


def _place(whole: list[Any], entry: object) -> int | None:
    """Where an entry goes on: by its `index`; without one, a new `id` begins a new entry. None is at the end."""
    if not isinstance(entry, Mapping) or not whole:
        return None
    if "index" in entry:
        same = (place for place, other in enumerate(whole) if other.get("index") == entry["index"])
        return next(same, None)
    is_call = "function" in entry
    begins = entry.get("id") is not None and entry.get("id") != whole[-1].get("id")
    return len(whole) - 1 if is_call and not begins else None


def _without_index(call: object) -> object:
    if not isinstance(call, Mapping):
        return call
    return {name: value for name, value in call.items() if name != "index"}
