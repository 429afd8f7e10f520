"""Errors that model APIs tell, by status or inside a stream, as Failures: the one place that knows their words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from policy_engine.model.call import Failure, FailureKind
from policy_engine.providers.retry import retry_after_s
from policy_engine.transport.message import Incoming

_LONGEST_MESSAGE = 500
# A gateway that gave up waiting says nothing about whether the model did its work.
_GAVE_UP_WAITING = frozenset((504, 524))
_OVERFLOW = re.compile(
    r"context_length_exceeded|exceed_context_size|string_above_max_length|maximum context length|context window"
    r"|context (length|size|limit)|prompt is too long|input is too long|too many (input )?tokens|request_too_large"
    r"|reduce the length|input token count|longer than the (model's|maximum)",
    re.IGNORECASE,
)
_STATUS_OF = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "overloaded_error": 529,
    "timeout_error": 504,
}


def refusal(incoming: Incoming, *, now: datetime) -> Failure:
    """What an answer with an error status means; its text is the API's own words, cut short."""
    error = _error_in(incoming)
    return Failure(
        kind=_kind(incoming.status, f"{error.get('code')} {error.get('type')} {error.get('message')}"),
        message=_message(incoming, error),
        elapsed_s=incoming.elapsed_s,
        status=incoming.status,
        retry_after_s=retry_after_s(incoming.headers, now),
        may_be_billed=incoming.status in _GAVE_UP_WAITING,
    )


def told_error(error: object, *, elapsed_s: float, may_be_billed: bool) -> Failure:
    """What an error object inside an answer with status 200 means."""
    fields = error if isinstance(error, Mapping) else {"message": str(error)}
    status = _told_status(fields)
    words = f"{fields.get('code')} {fields.get('type')} {fields.get('message')}"
    return Failure(
        kind=_kind(status, words),
        message=_cut(fields.get("message") or fields.get("type") or "the API told an error without a word"),
        elapsed_s=elapsed_s,
        status=200,
        may_be_billed=may_be_billed,
    )


def malformed(message: str, *, elapsed_s: float, status: int | None = 200) -> Failure:
    """An answer that makes no sense, though the work was done."""
    return Failure(kind=FailureKind.MALFORMED, message=message, elapsed_s=elapsed_s, status=status, may_be_billed=True)


def _told_status(error: Mapping[str, Any]) -> int:
    for name in ("code", "status", "type"):
        told = error.get(name)
        if isinstance(told, int) and 400 <= told < 600:
            return told
        if isinstance(told, str) and told in _STATUS_OF:
            return _STATUS_OF[told]
    return 500


def _kind(status: int, words: str) -> FailureKind:
    if status == 413 or (400 <= status < 500 and status != 429 and _OVERFLOW.search(words)):
        return FailureKind.CONTEXT_OVERFLOW
    if status in (401, 403):
        return FailureKind.AUTHENTICATION
    if status == 408:
        return FailureKind.TIMEOUT
    if status == 429:
        return FailureKind.RATE_LIMIT
    return FailureKind.SERVER if status >= 500 else FailureKind.REQUEST


def _error_in(incoming: Incoming) -> Mapping[str, Any]:
    """`{"error": {…}}` of OpenAI and Anthropic, `{"error": "…"}`, `{"message": …}`, `{"detail": …}` of others."""
    try:
        body = json.loads(incoming.body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(body, list) and body:  # Gemini's own gateway wraps it
        body = body[0]
    if not isinstance(body, Mapping):
        return {}
    error = body.get("error", body)
    if isinstance(error, Mapping):
        return {**error, "message": error.get("message") or error.get("detail")}
    return {"message": error}


def _message(incoming: Incoming, error: Mapping[str, Any]) -> str:
    said = error.get("message")
    if said:
        return _cut(f"status {incoming.status}: {said if isinstance(said, str) else json.dumps(said)}")
    if 300 <= incoming.status < 400:
        return f"status {incoming.status}: the address has moved; correct `base_url`"
    return f"status {incoming.status} without an explanation"


def _cut(message: object) -> str:
    text = str(message)
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
