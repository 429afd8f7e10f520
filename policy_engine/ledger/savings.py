"""Savings: what requests cost beside what they would have cost by one model, part by part, to the last digit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from policy_engine.ledger.record import Call, Record
from policy_engine.model.call import Usage
from policy_engine.model.plan import Card

ANSWERS = "answers"
DISCARDED = "discarded"
_ANSWERED = ("answered", "accepted", "not_accepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """
    What was spent and what it stands against. Only requests all of whose costs are known are in the sums.

    Attributes:
        requests: those in the sums.
        unknown: those left out, since the price of a call, or of the baseline, is unknown; never counted as 0.
        estimated: of those in the sums, how many were answered without a model that counted tokens, so that the
            baseline's are estimated.
        baseline_usd: what one call of the baseline model would have cost for each request that was answered.
        parts_usd: what was spent: `answers` that were given, `discarded` ones (escalated, failed), and each other
            purpose of calls, such as `judge` and `shadow`.
    """

    requests: int
    unknown: int
    estimated: int
    baseline_usd: Decimal
    parts_usd: Mapping[str, Decimal]

    @property
    def spent_usd(self) -> Decimal:
        """Everything that was spent."""
        return sum(self.parts_usd.values(), Decimal(0))

    @property
    def saved_usd(self) -> Decimal:
        """The baseline less everything that was spent; below 0 if routing cost more than it saved."""
        return self.baseline_usd - self.spent_usd


def savings_of(records: Iterable[Record], baseline: Card) -> Savings:
    """
    The savings of some requests.

    What a call cost is what was written down when it was made, so a model that had two prices counts at both. The
    baseline is asked once for each request that got an answer, with the tokens of that answer; it has neither judge
    nor shadow.

    Args:
        baseline: the model that everything would have gone to.
    """
    requests = unknown = estimated = 0
    baseline_usd, parts_usd = Decimal(0), {ANSWERS: Decimal(0), DISCARDED: Decimal(0)}
    for record in records:
        parts = _parts(record)
        usage, is_counted = _usage(record)
        alone_usd = Decimal(0) if usage is None else baseline.rates(usage.input_tokens).paid_usd(usage)
        if parts is None or alone_usd is None:
            unknown += 1
            continue
        requests += 1
        estimated += usage is not None and not is_counted
        baseline_usd += alone_usd
        for name, usd in parts.items():
            parts_usd[name] = parts_usd.get(name, Decimal(0)) + usd
    return Savings(
        requests=requests, unknown=unknown, estimated=estimated, baseline_usd=baseline_usd, parts_usd=parts_usd
    )


def _parts(record: Record) -> dict[str, Decimal] | None:
    """What a request spent, by part; None if one of its calls has no known cost."""
    parts: dict[str, Decimal] = {}
    answering = _answering(record)
    for call in record.calls:
        if call.cost_usd is None:
            return None
        name = call.purpose if call.purpose != "answer" else ANSWERS if call is answering else DISCARDED
        parts[name] = parts.get(name, Decimal(0)) + call.cost_usd
    return parts


def _answering(record: Record) -> Call | None:
    """The call whose answer was given; None where none was, or no model gave it."""
    if record.answered_by is None:
        return None
    answers = [call for call in record.calls if call.purpose == "answer" and call.failure is None]
    return answers[-1] if answers else None


def _usage(record: Record) -> tuple[Usage | None, bool]:
    """The tokens of the answer that was given, and whether they were counted; None where there is no answer."""
    if record.status not in _ANSWERED:
        return None, True
    call = _answering(record)
    if call is not None and call.input_tokens is not None and call.output_tokens is not None:
        cached = call.cached_input_tokens or 0
        usage = Usage(input_tokens=call.input_tokens, output_tokens=call.output_tokens, cached_input_tokens=cached)
        return usage, True
    answer_tokens = -(-(record.answer_chars or 0) // 4)
    return Usage(input_tokens=record.input_tokens or 0, output_tokens=answer_tokens), False
