"""A call to a model: what is sent, what comes back, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """
    What is sent to a model, in the shape of OpenAI's chat API; providers translate.

    `extra` holds fields of the caller's body that are passed on untouched; `logprobs` asks for token probabilities.
    """

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    logprobs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """
    Tokens of one call as the provider counts them.

    Tokens read from the provider's cache and written to it are part of `input_tokens`; those that are written to be
    kept for an hour are part of `cache_write_tokens`.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    A whole answer of a model.

    Attributes:
        message: the assistant's message in OpenAI's shape, tool calls and unknown fields included.
        finish_reason: `stop`, `length`, `tool_calls`, `content_filter`, or the provider's own word.
        usage: None if the provider did not say.
        logprobs: natural logarithms of the probabilities of the answer's tokens, or None.
        served_by: the provider's own name of the model that answered.
        first_token_s, elapsed_s: seconds from sending; the first is None unless streamed.
        body: the provider's answer as it came, for those who need more.
        paid_usd: what the call cost, where whoever answers says so; None leaves it to usage and prices.
        confidence: the mean token probability, where it was recorded rather than the probabilities themselves.
        unsaid: facts that a recording did not keep (`text`, `tokens`, `finish_reason`), so that no gate knows them.
    """

    message: Mapping[str, Any]
    finish_reason: str
    usage: Usage | None
    elapsed_s: float
    logprobs: tuple[float, ...] | None = None
    served_by: str | None = None
    first_token_s: float | None = None
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    paid_usd: Decimal | None = None
    confidence: float | None = None
    unsaid: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The answer's text, empty where it only calls tools."""
        content = self.message.get("content")
        return content if isinstance(content, str) else ""


class FailureKind(StrEnum):
    """How a call failed. `is_passed_on` says whether the next model of the step is tried."""

    CONNECTION = "connection"
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    SERVER = "server"
    CONTEXT_OVERFLOW = "context_overflow"
    AUTHENTICATION = "authentication"
    REQUEST = "request"
    MALFORMED = "malformed"
    MISSING_KEY = "missing_key"

    @property
    def is_passed_on(self) -> bool:
        """Connection failures, timeouts, 408, 429, 5xx, overflowing contexts and answers that make no sense."""
        return self in _PASSED_ON


_PASSED_ON = frozenset(
    (
        FailureKind.CONNECTION,
        FailureKind.TIMEOUT,
        FailureKind.RATE_LIMIT,
        FailureKind.SERVER,
        FailureKind.CONTEXT_OVERFLOW,
        FailureKind.MALFORMED,
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """
    A call that brought no whole answer.

    `status` is the HTTP status, if there was one; `may_be_billed` is True if the provider may have done the work all
    the same (a broken stream, a timeout after sending), so that the call is paid at its bound.
    """

    kind: FailureKind
    message: str
    elapsed_s: float
    status: int | None = None
    retry_after_s: float | None = None
    may_be_billed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a streamed answer: its text, and the provider's event in OpenAI's chunk shape."""

    text: str
    event: Mapping[str, Any] = field(default_factory=dict)
