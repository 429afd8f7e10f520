"""From what is handed in to what is kept: a record of an entry, with no more of its texts than allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from policy_engine.ledger.entry import Entry
from policy_engine.ledger.privacy import Log, clean, digest, kept_text, masked
from policy_engine.ledger.record import Call, Record
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.layout import fields_of
from policy_engine.model.outcome import CallRecord, Outcome

_MASKABLE = ("session", "user", "request_id", "task", "attributes", "signals", "message", "answer", "error")
_HASHED = {"message": "message_sha256", "answer": "answer_sha256"}


def record_of(entry: Entry, *, masks: tuple[str, ...] = (), log: Log = Log.HASH) -> Record:
    """
    The record of an entry.

    Args:
        masks: paths of what is not to be kept, see `privacy.masked`.
        log: how much of the texts is kept where no rule says (`log:`).
    """
    log = log_of(entry, log)
    decision, outcome = entry.decision, entry.outcome
    calls = entry.facts.expenses.calls if outcome is None else outcome.calls
    record = Record(
        id=entry.id,
        at_us=round(entry.at_s * 1e6),
        elapsed_ms=entry.elapsed_ms,
        revision=decision.revision,
        generation=decision.generation,
        rule=decision.rule,
        effect=decision.effect,
        tier=decision.tier,
        model=decision.model,
        unknown=decision.unknown,
        errors=_errors(decision.errors, log),
        skipped=tuple(f"{one.model}: {one.reason}" for one in decision.skipped),
        tags=decision.tags,
        cache=entry.cache,
        log=log.value,
        **_request(entry.facts, log),
        **_result(outcome, log),
        cost_usd=_cost_usd(calls) if outcome is None else outcome.cost_usd,
        calls=calls_of(calls, log),
    )
    return _covered(record, masks) if masks else record


def log_of(entry: Entry, usual: Log) -> Log:
    """How much of an entry's texts is kept: what the deciding rules say, else the usual."""
    said = entry.decision.verdict.modifiers.log
    return usual if said is None else Log(said)


def calls_of(calls: Iterable[CallRecord], log: Log) -> tuple[Call, ...]:
    """The calls of a record. What a provider says of a failure may quote the request, so it is text."""
    return tuple(_call(position, call, log) for position, call in enumerate(calls))


def _request(facts: Facts, log: Log) -> dict[str, Any]:
    request, message = facts.request, facts.message
    has_input = request.input is not None or request.messages is not None
    return {
        "request_id": _clean(request.id),
        "session": _clean(request.session),
        "user": _clean(request.user),
        "task": _clean(facts.task),
        "attributes": dict(facts.attributes),
        "signals": _signals(facts.signals),
        "message_chars": None if message is None else facts.message_chars,
        "message_tokens": None if message is None else facts.message_tokens,
        "input_chars": facts.input_chars if has_input else None,
        "input_tokens": facts.input_tokens if has_input else None,
        "message_sha256": None if message is None else digest(message, log),
        "message": None if message is None else kept_text(message, log),
    }


def _result(outcome: Outcome | None, log: Log) -> dict[str, Any]:
    if outcome is None:
        return dict.fromkeys(("answered_by", "answer_chars", "answer_sha256", "limit", "error", "answer")) | {
            "status": "decided",
            "escalations": 0,
        }
    text = outcome.text
    return {
        "status": outcome.status.value,
        "answered_by": _answered_by(outcome),
        "answer_chars": len(text),
        "answer_sha256": digest(text, log),
        "escalations": outcome.escalations,
        "limit": outcome.limit,
        "error": _error(outcome, log),
        "answer": kept_text(text, log),
    }


def _cost_usd(calls: tuple[CallRecord, ...]) -> Decimal | None:
    """What was paid for a decision alone; None if nothing was to be paid, or if that is unknown."""
    paid = [call.cost_usd for call in calls]
    known = [usd for usd in paid if usd is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(paid) else None


def _answered_by(outcome: Outcome) -> str | None:
    """The model whose answer was given: the last that brought one, if its is what the caller got."""
    if outcome.status.value not in ("accepted", "not_accepted"):
        return None
    answers = [call.model for call in outcome.calls if call.purpose == "answer" and call.failure is None]
    return answers[-1] if answers else None


def _error(outcome: Outcome, log: Log) -> str | None:
    """Why there is no answer: in full where texts are kept, else without what providers said, who may quote texts."""
    if outcome.error is None:
        return None
    failures = [f"{call.model}: {call.failure.kind}" for call in outcome.calls if call.failure is not None]
    return kept_text(outcome.error, log) or "; ".join(failures) or clean(outcome.error)


def _call(position: int, call: CallRecord, log: Log) -> Call:
    usage, failure = call.usage, call.failure
    return Call(
        position=position,
        purpose=call.purpose,
        step=call.step,
        model=call.model,
        tier=call.tier,
        input_tokens=None if usage is None else usage.input_tokens,
        cached_input_tokens=None if usage is None else usage.cached_input_tokens,
        cache_write_tokens=None if usage is None else usage.cache_write_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        cost_usd=call.cost_usd,
        elapsed_ms=call.elapsed_ms,
        first_token_ms=call.first_token_ms,
        verdict=call.verdict,
        reasons=call.reasons,
        failure=None if failure is None else failure.kind.value,
        failure_status=None if failure is None else failure.status,
        failure_text=None if failure is None else kept_text(failure.message, log),
    )


def _signals(signals: Mapping[str, Any]) -> dict[str, Any]:
    """Values by group, without what belongs to answers, or to a signal's owner alone, such as a cache's entry."""
    return {group: _signal(group, value) for group, value in signals.items() if group.partition(".")[0] != "output"}


def _signal(group: str, value: Any) -> Any:
    if value is UNKNOWN:
        return None
    fields = fields_of(group)
    return value if fields is None else {name: value[name] for name in value if name in fields}


def _errors(errors: tuple[str, ...], log: Log) -> tuple[str, ...]:
    """What was invalid: by name alone unless texts are kept, since the rest quotes the value."""
    return errors if log is Log.FULL else tuple(error.partition(":")[0] for error in errors)


def _covered(record: Record, masks: tuple[str, ...]) -> Record:
    """The same record with masks laid over what came from the caller; a masked text has no hash either."""
    values = {name: getattr(record, name) for name in _MASKABLE}
    kept = masked(values, masks)
    for text, hashed in _HASHED.items():
        if text in masks or "*" in masks:
            kept[hashed] = None
    # An error of the caller's quotes what may be masked.
    kept["errors"] = tuple(error.partition(":")[0] for error in record.errors)
    for name in ("attributes", "signals"):
        if not isinstance(kept[name], Mapping):
            kept[name] = {}
    return replace(record, **kept)


def _clean(text: str | None) -> str | None:
    return None if text is None else clean(text)
