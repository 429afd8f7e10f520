"""What Anthropic's servers send, for scripted servers: answers and streams in their true wire format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.scripted import Answer, event, json_answer, sse_answer

USAGE = {"input_tokens": 8, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 4, "output_tokens": 3}


def message(*blocks: Mapping[str, Any], stop_reason: str = "end_turn") -> dict[str, Any]:
    """A `message`; without blocks it says "Hello there."."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": list(blocks) or [{"type": "text", "text": "Hello there."}],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": USAGE,
    }


def message_answer(*blocks: Mapping[str, Any], stop_reason: str = "end_turn") -> Answer:
    """The same as an answer of the server."""
    return json_answer(message(*blocks, stop_reason=stop_reason))


def tell(kind: str, **fields: Any) -> bytes:
    """One event of a stream."""
    return event({"type": kind, **fields}, name=kind)


def start() -> bytes:
    """The event that begins every stream."""
    begun = {**message(), "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}
    return tell("message_start", message=begun)


def block_parts(index: int, block: Mapping[str, Any], deltas: Sequence[Mapping[str, Any]]) -> tuple[bytes, ...]:
    """The events of one block."""
    return (
        tell("content_block_start", index=index, content_block=block),
        *(tell("content_block_delta", index=index, delta=delta) for delta in deltas),
        tell("content_block_stop", index=index),
    )


def text_parts(index: int, *texts: str) -> tuple[bytes, ...]:
    """The events of a block of text."""
    deltas = [{"type": "text_delta", "text": text} for text in texts]
    return block_parts(index, {"type": "text", "text": ""}, deltas)


def finish(stop_reason: str = "end_turn") -> tuple[bytes, ...]:
    """The events that end every stream."""
    delta = {"stop_reason": stop_reason, "stop_sequence": None}
    return (tell("message_delta", delta=delta, usage={"output_tokens": 3}), tell("message_stop"))


def stream_answer(*texts: str) -> Answer:
    """A whole stream of texts as an answer of the server."""
    return sse_answer(start(), tell("ping"), *text_parts(0, *texts), *finish())


def error_answer(status: int, kind: str, text: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """An error of the API."""
    return json_answer({"type": "error", "error": {"type": kind, "message": text}}, status=status, headers=headers)
