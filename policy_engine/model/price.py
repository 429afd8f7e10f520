"""What tokens cost: dollars per million of each kind, exactly, with other rates for long requests."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.call import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """
    USD per million tokens; None is unknown, which makes a cost unknown and never 0.

    Attributes:
        cached_input: input read from the provider's cache; None is as `input`.
        cache_write: input written to it; None is as `input`.
        cache_write_1h: input written to be kept for an hour; None is as `cache_write`.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None

    def paid_usd(self, usage: Usage) -> Decimal | None:
        """What a call of this usage cost, USD; None if a rate is unknown."""
        hour_writes = usage.cache_write_1h_tokens
        writes = usage.cache_write_tokens - hour_writes
        write_rate = self.input if self.cache_write is None else self.cache_write
        parts = (
            price_usd(usage.input_tokens - usage.cached_input_tokens - usage.cache_write_tokens, self.input),
            price_usd(usage.cached_input_tokens, self.input if self.cached_input is None else self.cached_input),
            price_usd(writes, write_rate),
            price_usd(hour_writes, write_rate if self.cache_write_1h is None else self.cache_write_1h),
            price_usd(usage.output_tokens, self.output),
        )
        known = [part for part in parts if part is not None]
        return sum(known, Decimal(0)) if len(known) == len(parts) else None

    def worst_usd(self, input_tokens: int, output_tokens: int, *, keeps_1h: bool = False) -> Decimal | None:
        """
        The most that so many tokens can cost, USD; None if a rate is unknown.

        Args:
            keeps_1h: whether input is asked to be kept in the provider's cache for an hour, which is dearest.
        """
        if self.input is None or self.output is None:
            return None
        rates = (self.input, self.cache_write, self.cache_write_1h if keeps_1h else None)
        dearest = max(rate for rate in rates if rate is not None)
        return (input_tokens * dearest + output_tokens * self.output) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRates:
    """The rates of a call, all its tokens, whose input has more than `above_tokens`."""

    above_tokens: int
    rates: Rates


def price_usd(tokens: int, per_million: Decimal | None) -> Decimal | None:
    """What some tokens cost at a price per million, exactly; None if the price is unknown."""
    return None if per_million is None else tokens * per_million / 1_000_000
