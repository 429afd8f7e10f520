"""A streamed message of Anthropic's put together again, and its events in the shape of OpenAI's chunks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policy_engine.model.call import Chunk, Failure
from policy_engine.providers.anthropic_reply import finish_reason
from policy_engine.providers.refusal import malformed, told_error
from policy_engine.providers.sse import Event

# A delta's field, and the field of its block that it adds to.
_TEXTS = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "_json"),
}


class MessageAssembler:
    """The Assembler of Anthropic's events."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._is_done = False

    @property
    def is_whole(self) -> bool:
        """Whether a stop reason, or the end of everything, has come."""
        return self._is_done or self._message.get("stop_reason") is not None

    @property
    def is_over(self) -> bool:
        """Whether `message_stop` has come."""
        return self._is_done

    def take(self, event: Event) -> Chunk | Failure | None:
        """What an event adds; a Failure if it tells of an error or makes no sense; None if it adds nothing."""
        try:
            told = json.loads(event.data)
        except (ValueError, RecursionError):
            return malformed("an event of the stream is no JSON", elapsed_s=0.0)
        if not isinstance(told, dict):
            return malformed("an event of the stream is no object", elapsed_s=0.0)
        kind = told.get("type", event.name)
        if kind == "error":
            return told_error(told.get("error"), elapsed_s=0.0, may_be_billed=bool(self._message))
        return self._add(kind, told)

    def body(self) -> Mapping[str, Any]:
        """The answer so far as a `message`."""
        blocks = [_finished(self._blocks[index]) for index in sorted(self._blocks)]
        return {**self._message, "content": blocks}

    def _add(self, kind: str, told: Mapping[str, Any]) -> Chunk | None:
        if kind == "message_start":
            self._message = dict(_mapping(told.get("message")))
            return self._chunk({"role": "assistant", "content": ""})
        if kind == "content_block_start":
            return self._begin(_index(told), _mapping(told.get("content_block")))
        if kind == "content_block_delta":
            return self._grow(_index(told), _mapping(told.get("delta")))
        if kind == "message_delta":
            return self._conclude(_mapping(told.get("delta")), _mapping(told.get("usage")))
        if kind == "message_stop":
            self._is_done = True
        return None

    def _begin(self, index: int, block: Mapping[str, Any]) -> Chunk | None:
        self._blocks[index] = dict(block)
        if block.get("type") != "tool_use":
            text = block.get("text")
            return self._chunk({"content": text}) if isinstance(text, str) and text else None
        function = {"name": block.get("name"), "arguments": ""}
        return self._call(index, {"id": block.get("id"), "type": "function", "function": function})

    def _grow(self, index: int, delta: Mapping[str, Any]) -> Chunk | None:
        block = self._blocks.setdefault(index, {"type": "text", "text": ""})
        kind = str(delta.get("type"))
        if kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta.get("citation")]
            return None
        if kind not in _TEXTS:
            return None
        source, field = _TEXTS[kind]
        added = str(delta.get(source) or "")
        block[field] = str(block.get(field) or "") + added
        return self._told(index, kind, added)

    def _told(self, index: int, kind: str, added: str) -> Chunk | None:
        if kind == "text_delta":
            return self._chunk({"content": added})
        if kind == "thinking_delta":
            return self._chunk({"reasoning_content": added})
        if kind == "input_json_delta" and self._blocks[index].get("type") == "tool_use":
            return self._call(index, {"function": {"arguments": added}})
        return None

    def _conclude(self, delta: Mapping[str, Any], usage: Mapping[str, Any]) -> Chunk:
        self._message.update(delta)
        counted = {name: count for name, count in usage.items() if count is not None}
        self._message["usage"] = {**_mapping(self._message.get("usage")), **counted}
        return self._chunk({}, finish=finish_reason(delta.get("stop_reason")))

    def _call(self, index: int, call: Mapping[str, Any]) -> Chunk:
        earlier = (block for at, block in self._blocks.items() if at < index)
        place = sum(block.get("type") == "tool_use" for block in earlier)
        return self._chunk({"tool_calls": [{"index": place, **call}]})

    def _chunk(self, delta: Mapping[str, Any], *, finish: str | None = None) -> Chunk:
        event = {
            "id": self._message.get("id"),
            "object": "chat.completion.chunk",
            "model": self._message.get("model"),
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        return Chunk(text=str(delta.get("content", "")), event=event)


def _finished(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block as it would have come unstreamed: its input as an object, which came as pieces of text."""
    finished = {name: value for name, value in block.items() if name != "_json"}
    written = block.get("_json")
    if written:
        try:
            finished["input"] = json.loads(written)
        except ValueError:
            finished["input"] = {"arguments": written}
    return finished


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _index(told: Mapping[str, Any]) -> int:
    index = told.get("index")
    return index if isinstance(index, int) else 0
