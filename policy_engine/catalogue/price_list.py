"""The bundled price list (genai-prices, MIT), asked for the models whose policies state no price or context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedModel:
    """
    A model as the price list knows it: USD per million tokens, context in tokens; None is not listed.

    Where the price depends on the length of the request, it is the one for short requests.
    """

    input_price: Decimal | None
    output_price: Decimal | None
    cached_input_price: Decimal | None
    context: int | None

    def row(self) -> bytes:
        """The facts as bytes, for the revision of a bundle that borrows them."""
        facts = (self.input_price, self.output_price, self.cached_input_price, self.context)
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
        input_price=_base(getattr(prices, "input_mtok", None)),
        output_price=_base(getattr(prices, "output_mtok", None)),
        cached_input_price=_base(getattr(prices, "cache_read_mtok", None)),
        context=listed.context_window,
    )


def _base(price: Any) -> Decimal | None:
    base = getattr(price, "base", price)
    return base if isinstance(base, Decimal) else None
