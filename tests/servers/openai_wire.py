"""What OpenAI's servers send, for scripted servers: answers and streams in their true wire format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.servers.scripted import Answer, event, json_answer, sse_answer

USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "prompt_tokens_details": {"cached_tokens": 4}}


def completion(
    text: str | None = "Hello there.",
    *,
    model: str = "gpt-4o-mini-2024-07-18",
    finish_reason: str = "stop",
    usage: Mapping[str, Any] | None = USAGE,
    logprobs: Sequence[float] | None = None,
    **message: Any,
) -> dict[str, Any]:
    """A `chat.completion`; further names are fields of the message."""
    tokens = None if logprobs is None else {"content": [{"token": "t", "logprob": p} for p in logprobs]}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None, **message},
        "logprobs": tokens,
        "finish_reason": finish_reason,
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_767_225_600,
        "model": model,
        "choices": [choice],
        "usage": usage,
        "system_fingerprint": "fp_1",
    }


def completion_answer(text: str | None = "Hello there.", **more: Any) -> Answer:
    """The same as an answer of the server."""
    return json_answer(completion(text, **more))


def chunk(delta: Mapping[str, Any], *, finish_reason: str | None = None, **more: Any) -> bytes:
    """One `chat.completion.chunk`; further names are fields of the choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, **more}
    return event(_chunk([choice]))


def usage_chunk(usage: Mapping[str, Any] = USAGE) -> bytes:
    """The chunk without choices that tells the usage."""
    return event({**_chunk([]), "usage": usage})


DONE = event("[DONE]")


def stream_parts(*texts: str, finish_reason: str = "stop") -> tuple[bytes, ...]:
    """A whole stream of texts, event by event."""
    return (
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": text}) for text in texts),
        chunk({}, finish_reason=finish_reason),
        usage_chunk(),
        DONE,
    )


def stream_answer(*texts: str) -> Answer:
    """A whole stream of texts as an answer of the server."""
    return sse_answer(*stream_parts(*texts))


def error_answer(status: int, message: str, **more: Any) -> Answer:
    """An error; `code` and `type` are fields of the error, `headers` are the answer's."""
    headers = more.pop("headers", None)
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None, **more}
    return json_answer({"error": error}, status=status, headers=headers)


def _chunk(choices: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_767_225_600,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": choices,
    }
