"""The bundled price list."""

from dataclasses import replace
from decimal import Decimal

from policy_engine.catalogue.price_list import ListedModel, look_up
from policy_engine.model.price import LongRates, Rates


def test_a_listed_model_has_prices_and_a_context() -> None:
    """Well-known models of both APIs are in the list, in dollars per million tokens."""
    found = [look_up("gpt-4o-mini", "openai"), look_up("claude-haiku-4-5", "anthropic")]

    for listed in found:
        assert listed is not None
        assert listed.rates.input is not None
        assert listed.rates.output is not None
        assert Decimal(0) < listed.rates.input < listed.rates.output


def test_a_model_that_is_not_listed_is_none() -> None:
    """An unknown name, and a known one at another service, have no price."""
    assert look_up("no-such-model-of-anybody", "openai") is None
    assert look_up("gpt-4o-mini", "openai", "https://llm.example/v1") is None


def test_a_row_tells_rows_apart() -> None:
    """What enters the revision differs when any fact does, an absent one too."""
    rates = Rates(input=Decimal(1), output=Decimal(2))
    full = ListedModel(rates=rates, context=8)
    other = ListedModel(rates=replace(rates, cached_input=Decimal(8)), context=None)
    stepped = replace(full, long_rates=(LongRates(above_tokens=9, rates=rates),))

    assert (full.row(), other.row()) == (b"1\t2\t\t\t\t8", b"1\t2\t8\t\t\t")
    assert stepped.row() == b"1\t2\t\t\t\t8\t9\t1\t2\t\t\t"


def test_prices_of_caches_and_of_long_requests_are_listed() -> None:
    """A model whose price depends on the length of its input has every kind of price for long ones too."""
    listed = look_up("claude-sonnet-4-5", "anthropic")

    assert listed is not None
    (long,) = listed.long_rates
    short = listed.rates
    assert long.above_tokens == 200_000
    assert None not in (short.cached_input, short.cache_write, short.cache_write_1h, long.rates.cache_write)
    assert long.rates.input == 2 * (short.input or 0)
