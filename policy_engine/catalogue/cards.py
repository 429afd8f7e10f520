"""A bundle's models with everything that is known about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from policy_engine.catalogue.price_list import ListedModel, look_up
from policy_engine.model.plan import Card
from policy_engine.model.policy import Declarations, Model, Provider
from policy_engine.model.price import LongRates, Rates
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity

LookUp = Callable[[str, str, str | None], ListedModel | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """
    The models of a bundle.

    `cards` are by name; `borrowed` has, by name, what was taken from the price list and so belongs to the revision;
    `unpriced` are the models whose price nobody knows.
    """

    cards: Mapping[str, Card]
    borrowed: Mapping[str, bytes]
    unpriced: tuple[str, ...]


def catalogue_of(declarations: Declarations, look_up: LookUp = look_up) -> Catalogue:
    """The catalogue of a bundle; the list is asked only for models that leave something open."""
    cards: dict[str, Card] = {}
    borrowed: dict[str, bytes] = {}
    tiers = {model: tier.name for tier in reversed(tuple(declarations.tiers.values())) for model in tier.models}
    for name, model in declarations.models.items():
        provider = declarations.providers.get(model.provider)
        listed = price_of(model, provider, look_up)
        if listed is not None:
            borrowed[f"price:{name}"] = listed.row()
        cards[name] = _card(model, provider, listed, tiers.get(name))
    unpriced = tuple(name for name, card in cards.items() if card.input_price is None or card.output_price is None)
    return Catalogue(cards=cards, borrowed=borrowed, unpriced=unpriced)


def price_of(model: Model, provider: Provider | None, look_up: LookUp = look_up) -> ListedModel | None:
    """What the price list adds to a declared model; None if nothing is left open or the list does not know it."""
    if provider is None or provider.kind not in ("openai", "anthropic"):
        return None
    if model.price is not None and model.context is not None:
        return None
    return look_up(model.model, provider.kind, provider.settings.get("base_url"))


def rates_of(declarations: Declarations, provider: str, model: str, look_up: LookUp = look_up) -> Rates:
    """
    What a provider's model costs that need not be declared, such as an embedder: as a declared model says that is the
    same one, else as the price list does; without any rate where nobody knows.
    """
    for one in declarations.models.values():
        if (one.provider, one.model) == (provider, model) and one.price is not None:
            return _rates(one.price)
    declared = declarations.providers.get(provider)
    if declared is None:
        return Rates()
    listed = look_up(model, declared.kind, declared.settings.get("base_url"))
    return Rates() if listed is None else listed.rates


def _card(model: Model, provider: Provider | None, listed: ListedModel | None, tier: str | None) -> Card:
    rates, long_rates = _prices(model, listed)
    context = _count(model.context)
    return Card(
        name=model.name,
        provider=model.provider,
        model=model.model,
        tier=tier,
        tags=frozenset((*model.tags, *(provider.tags if provider is not None else ()))),
        accepts=None if model.accepts is None else frozenset(model.accepts),
        context=context if context is not None or listed is None else listed.context,
        max_output=_count(model.max_output),
        input_price=rates.input,
        output_price=rates.output,
        cached_input_price=rates.cached_input,
        cache_write_price=rates.cache_write,
        cache_write_1h_price=rates.cache_write_1h,
        long_rates=long_rates,
        latency_s=_seconds(model.latency),
        quality=model.quality,
    )


def _prices(model: Model, listed: ListedModel | None) -> tuple[Rates, tuple[LongRates, ...]]:
    """The declared prices, none of the list's being mixed in; else the list's."""
    if model.price is not None:
        return _rates(model.price), tuple(sorted(_long_rates(model.price), key=lambda long: long.above_tokens))
    return (Rates(), ()) if listed is None else (listed.rates, listed.long_rates)


def _rates(price: Mapping[str, Any]) -> Rates:
    return Rates(**{name: _usd(price.get(name)) for name in Rates.__dataclass_fields__})


def _long_rates(price: Mapping[str, Any]) -> Iterator[LongRates]:
    written = price.get("long", ())
    for entry in written if isinstance(written, list) else ():
        above = _count(entry.get("above")) if isinstance(entry, dict) else None
        if above is not None:
            yield LongRates(above_tokens=above, rates=_rates(entry))


def _quantity(written: Any, kind: Kind) -> Decimal | None:
    if written is None:
        return None
    try:
        return parse_quantity(written, kind)
    except QuantityError:
        return None


def _count(written: Any) -> int | None:
    count = _quantity(written, Kind.COUNT)
    return None if count is None else int(count)


def _usd(written: Any) -> Decimal | None:
    return _quantity(written, Kind.MONEY)


def _seconds(written: Any) -> float | None:
    seconds = _quantity(written, Kind.DURATION)
    return None if seconds is None else float(seconds)
