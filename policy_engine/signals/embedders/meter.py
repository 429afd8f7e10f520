"""What embedding costs at a provider, and which request pays for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from threading import local
from typing import Any, Final

from policy_engine.model.call import Failure, FailureKind, Usage
from policy_engine.model.expenses import Expenses
from policy_engine.model.outcome import CallRecord
from policy_engine.model.price import Rates, price_usd
from policy_engine.transport.message import Incoming

PURPOSE: Final = "embedding"
"""What such calls are for, in records."""

_KINDS: Final = {
    401: FailureKind.AUTHENTICATION,
    403: FailureKind.AUTHENTICATION,
    408: FailureKind.TIMEOUT,
    429: FailureKind.RATE_LIMIT,
}


class Meter:
    """Knows for which request a thread works. Safe under threads."""

    def __init__(self) -> None:
        self._here = local()

    @contextmanager
    def paid_by(self, expenses: Expenses) -> Iterator[None]:
        """Whatever this thread has embedded meanwhile is an expense of that request."""
        before = self.payer()
        self._here.payer = expenses
        try:
            yield
        finally:
            self._here.payer = before

    def payer(self) -> Expenses | None:
        """Who pays for what this thread has embedded; None for nobody."""
        found: Expenses | None = getattr(self._here, "payer", None)
        return found


class Charge:
    """
    One call for embeddings, written down with whoever pays for it from its beginning on.

    Args:
        model: who is called, as `PROVIDER/MODEL`.
        rates: what that costs.
        payer: None for nobody.
    """

    def __init__(self, model: str, rates: Rates, payer: Expenses | None) -> None:
        self._rates = rates
        self._payer = payer
        self._call = CallRecord(step=0, model=model, tier=None, purpose=PURPOSE)
        self._place = None if payer is None else payer.begun(self._call)

    def failed(self, failure: Failure) -> None:
        """There is no answer; it cost nothing, unless the work may have been done."""
        cost_usd = None if failure.may_be_billed else Decimal(0)
        self._write(elapsed_ms=failure.elapsed_s * 1000, failure=failure, cost_usd=cost_usd)

    def refused(self, came: Incoming) -> None:
        """The server answered with an error status."""
        kind = _KINDS.get(came.status, FailureKind.SERVER if came.status >= 500 else FailureKind.REQUEST)
        message = f"the server answered with status {came.status}"
        self.failed(Failure(kind=kind, message=message, elapsed_s=came.elapsed_s, status=came.status))

    def answered(self, came: Incoming, usage: Usage | None, *, is_malformed: bool) -> None:
        """There is an answer, for which so many tokens were read; None if the server does not say."""
        message, status = "the server's answer does not hold a vector for each text", came.status
        failure = Failure(kind=FailureKind.MALFORMED, message=message, elapsed_s=came.elapsed_s, status=status)
        self._write(
            elapsed_ms=came.elapsed_s * 1000,
            usage=usage,
            cost_usd=None if usage is None else price_usd(usage.input_tokens, self._rates.input),
            failure=failure if is_malformed else None,
        )

    def _write(self, **found: Any) -> None:
        if self._payer is not None and self._place is not None:
            self._payer.ended(self._place, replace(self._call, **found))


def usage_in(answer: object) -> Usage | None:
    """The tokens that a server says it has read; None if it does not say."""
    told: Any = answer.get("usage") if isinstance(answer, Mapping) else None
    tokens = told.get("prompt_tokens") if isinstance(told, Mapping) else None
    return Usage(input_tokens=tokens, output_tokens=0) if type(tokens) is int and tokens >= 0 else None
