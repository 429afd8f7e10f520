"""A record of the ledger: one request with its calls, as plain values that can be kept and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One call of a record.

    `position` is its place among the calls of its record, `purpose` `answer`, `judge`, `shadow` or `embedding`; see
    `policy_engine.model.outcome.CallRecord` for the rest. `failure` is its kind, `failure_text` the provider's words,
    kept only where texts are.
    """

    position: int
    purpose: str
    step: int
    model: str
    tier: str | None
    input_tokens: int | None
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int | None
    cost_usd: Decimal | None
    elapsed_ms: float | None
    first_token_ms: float | None
    verdict: str | None
    reasons: tuple[str, ...]
    failure: str | None
    failure_status: int | None
    failure_text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    One request.

    Attributes:
        id: the record's own name.
        at_us: when the request came in, microseconds since 1970 (UTC).
        elapsed_ms: how long it took to the end of its answer, everything included; None if it was only decided.
        status: how it ended (`policy_engine.model.outcome.Status`), or `decided` if nothing was carried out.
        rule, tier, model: what decided, and whom it would call first.
        answered_by: the model whose answer was given; None without a model.
        cost_usd: what all calls cost, shadows aside; None if that of one is unknown.
        limit: the limit that spoke.
        signals: by group, every value that was learned or supplied; None where it was unknown.
        attributes: valid values and defaults, as rules saw them.
        errors: names of what was sent or learned but invalid.
        log: how much of the texts is kept: `hash`, `none`, `redacted` or `full`.
        message, answer: texts, only where `log` says so.
        shadow: how a shadow compared.
    """

    id: str
    at_us: int
    elapsed_ms: float | None
    request_id: str | None
    session: str | None
    user: str | None
    revision: str
    generation: int | None
    rule: str | None
    effect: str
    tier: str | None
    model: str | None
    task: str | None
    attributes: Mapping[str, Any]
    signals: Mapping[str, Any]
    unknown: tuple[str, ...]
    errors: tuple[str, ...]
    skipped: tuple[str, ...]
    tags: tuple[str, ...]
    message_chars: int | None
    message_tokens: int | None
    input_chars: int | None
    input_tokens: int | None
    message_sha256: str | None
    status: str
    answered_by: str | None
    answer_chars: int | None
    answer_sha256: str | None
    escalations: int
    cost_usd: Decimal | None
    limit: str | None
    cache: str | None
    log: str
    error: str | None
    message: str | None
    answer: str | None
    shadow: Mapping[str, Any] | None = None
    calls: tuple[Call, ...] = ()
