"""The bundled price list (genai-prices, MIT), asked for the models whose policies state no price or context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from policy_engine.model.price import LongRates, Rates


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """
    A model as the price list knows it: USD per million tokens, context in tokens; None is not listed.

    Where prices depend on the length of a request, `rates` are those of short ones.
    """

    rates: Rates
    long_rates: tuple[LongRates, ...] = ()
    context: int | None = None

    def row(self) -> bytes:
        """The facts as bytes, for the revision of a bundle that borrows them."""
        facts = [*_facts(self.rates), self.context]
        for long in self.long_rates:
            facts += [long.above_tokens, *_facts(long.rates)]
        return "\t".join("" if fact is None else str(fact) for fact in facts).encode()


_KNOWN_KINDS = ("openai", "anthropic")


def look_up(model: str, kind: str, base_url: str | None = None) -> ListedModel | None:
    """
    What the list says about a model, or None if it does not know it.

    Args:
        model: the provider's name for it.
        kind: the provider's kind; with a `base_url` of another service, that service's own list is asked.

    It needs no network; the list is part of the installed package.
    """
    from genai_prices.data_snapshot import get_snapshot

    provider = kind if kind in _KNOWN_KINDS and base_url is None else None
    try:
        _, listed = get_snapshot().find_provider_model(model, None, provider, base_url)
    except LookupError:
        return None
    prices = listed.get_prices(datetime.now(UTC))
    return ListedModel(
        rates=_rates(prices, 0),
        long_rates=tuple(LongRates(above_tokens=start, rates=_rates(prices, start + 1)) for start in _starts(prices)),
        context=listed.context_window,
    )


_NAMES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
}


def _starts(prices: Any) -> list[int]:
    """The lengths of input above which some price is another; then it is so for all tokens."""
    return sorted({tier.start for name in _NAMES.values() for tier in getattr(getattr(prices, name), "tiers", ())})


def _rates(prices: Any, input_tokens: int) -> Rates:
    return Rates(**{name: _at(getattr(prices, listed), input_tokens) for name, listed in _NAMES.items()})


def _at(price: Any, input_tokens: int) -> Decimal | None:
    reached = [tier.price for tier in getattr(price, "tiers", ()) if input_tokens > tier.start]
    rate = reached[-1] if reached else getattr(price, "base", price)
    return rate if isinstance(rate, Decimal) else None


def _facts(rates: Rates) -> Iterator[Decimal | int | None]:
    yield from (getattr(rates, name) for name in _NAMES)
