"""OpenAI's chat completions, and every server compatible with them, as pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policy_engine.model.call import Failure, Prompt, Reply, Usage
from policy_engine.providers.dialect import Dialect, joined
from policy_engine.providers.openai_stream import ChatAssembler
from policy_engine.providers.refusal import malformed, told_error

OPENAI_URL = "https://api.openai.com/v1"

CONTENT_BLOCKS = "content_blocks"
"""The field of a message that keeps another API's own blocks; servers of this API refuse fields they do not know."""

# What the caller says about streaming concerns the way to the caller, not this call.
_NOT_PASSED_ON = ("stream", "stream_options", "model", "messages", "tools")


def openai_dialect(base_url: str | None = None) -> Dialect:
    """OpenAI's API, or at another `base_url` that of a compatible server, which may know older names only."""
    is_own = base_url is None or base_url.startswith("https://api.openai.com/")
    return Dialect(
        base_url=OPENAI_URL,
        path=lambda url: joined(url, "/chat/completions"),
        key_headers=lambda key: {"authorization": f"Bearer {key}"},
        whole_body=own_body if is_own else chat_body,
        streamed_body=lambda prompt, model: _streamed((own_body if is_own else chat_body)(prompt, model)),
        read=read_completion,
        assembler=ChatAssembler,
    )


def chat_body(prompt: Prompt, model: str) -> dict[str, Any]:
    """The body of a call; `params` win over `extra`."""
    body: dict[str, Any] = {name: value for name, value in prompt.extra.items() if name not in _NOT_PASSED_ON}
    if "max_tokens" in prompt.params:
        body.pop("max_completion_tokens", None)
    if "max_completion_tokens" in prompt.params:
        body.pop("max_tokens", None)
    body.update({name: value for name, value in prompt.params.items() if name not in _NOT_PASSED_ON})
    body["model"] = model
    body["messages"] = [_without_blocks(message) for message in prompt.messages]
    if prompt.tools:
        body["tools"] = list(prompt.tools)
    if prompt.logprobs:
        body["logprobs"] = True
    return body


def own_body(prompt: Prompt, model: str) -> dict[str, Any]:
    """The same for OpenAI itself, whose newer models refuse `max_tokens` and want `max_completion_tokens`."""
    body = chat_body(prompt, model)
    bounds = [body.pop(name, None) for name in ("max_tokens", "max_completion_tokens")]
    stated = [bound for bound in bounds if bound is not None]
    if stated:
        body["max_completion_tokens"] = min(stated)
    return body


def read_completion(payload: Mapping[str, Any], elapsed_s: float) -> Reply | Failure:
    """The Reply that a `chat.completion` is, or the Failure that it tells."""
    if payload.get("error"):
        return told_error(payload["error"], elapsed_s=elapsed_s, may_be_billed=False)
    choice = _first(payload.get("choices"))
    message = choice.get("message")
    if not isinstance(message, Mapping):
        return malformed("the answer holds no message", elapsed_s=elapsed_s)
    return Reply(
        message=message,
        finish_reason=_finish_reason(choice, message),
        usage=read_usage(payload.get("usage")),
        elapsed_s=elapsed_s,
        logprobs=_logprobs(choice.get("logprobs")),
        served_by=_text(payload.get("model")),
        body=payload,
    )


def read_usage(usage: object) -> Usage | None:
    """What `usage` says; None if it does not say how many tokens went in and came out."""
    if not isinstance(usage, Mapping):
        return None
    inward, outward = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    if inward is None and outward is None:
        return None
    told = usage.get("prompt_tokens_details")
    details = told if isinstance(told, Mapping) else {}
    cached = _count(details.get("cached_tokens"))
    if cached is None:
        cached = _count(usage.get("prompt_cache_hit_tokens"))  # DeepSeek's name
    written = _count(details.get("cache_write_tokens"))
    if written is None:
        written = _count(details.get("cache_creation_tokens"))  # LiteLLM's name
    return Usage(
        input_tokens=inward or 0,
        output_tokens=outward or 0,
        cached_input_tokens=cached or 0,
        cache_write_tokens=written or 0,
    )


def _streamed(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "stream": True, "stream_options": {"include_usage": True}}


def _without_blocks(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if CONTENT_BLOCKS not in message:
        return message
    return {name: value for name, value in message.items() if name != CONTENT_BLOCKS}


def _finish_reason(choice: Mapping[str, Any], message: Mapping[str, Any]) -> str:
    told = _text(choice.get("finish_reason"))
    if told is not None:
        return "tool_calls" if told == "function_call" else told
    return "tool_calls" if message.get("tool_calls") else "stop"


def _logprobs(told: object) -> tuple[float, ...] | None:
    """Of `{"content": [{"logprob": …}]}`, or of the older `{"token_logprobs": […]}`."""
    if not isinstance(told, Mapping):
        return None
    content = told.get("content")
    if isinstance(content, list):
        return _numbers(token.get("logprob") for token in content if isinstance(token, Mapping))
    older = told.get("token_logprobs")
    return _numbers(older) if isinstance(older, list) else None


def _numbers(values: Iterable[object]) -> tuple[float, ...] | None:
    return tuple(float(value) for value in values if isinstance(value, int | float)) or None


def _first(choices: object) -> Mapping[str, Any]:
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, Mapping) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
