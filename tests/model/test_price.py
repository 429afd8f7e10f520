"""What tokens cost, to the last digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.model.call import Usage
from policy_engine.model.price import Rates

RATES = Rates(
    input=Decimal("3"),
    output=Decimal("15"),
    cached_input=Decimal("0.3"),
    cache_write=Decimal("3.75"),
    cache_write_1h=Decimal("6"),
)
PRICES = st.decimals(min_value=0, max_value=100, places=3)
COUNTS = st.integers(min_value=0, max_value=100_000)


def test_each_kind_of_token_has_its_price() -> None:
    """What was read from a cache, written to it, and written for an hour is taken out of the input, each once."""
    usage = Usage(
        input_tokens=1_000,
        output_tokens=10,
        cached_input_tokens=500,
        cache_write_tokens=300,
        cache_write_1h_tokens=100,
    )

    in_millionths = 200 * 3 + 500 * Decimal("0.3") + 200 * Decimal("3.75") + 100 * 6 + 10 * 15
    assert RATES.paid_usd(usage) == in_millionths / 1_000_000


def test_prices_that_are_left_out_are_those_of_input() -> None:
    """A cache whose prices nobody states costs what input costs."""
    plain = Rates(input=Decimal(2), output=Decimal(4))

    cost = plain.paid_usd(Usage(input_tokens=9, output_tokens=1, cached_input_tokens=3, cache_write_tokens=3))

    assert cost == Decimal(9 * 2 + 4) / 1_000_000


@pytest.mark.parametrize("rates", [Rates(), Rates(input=Decimal(1)), Rates(output=Decimal(1))])
def test_a_price_that_is_unknown_is_never_nothing(rates: Rates) -> None:
    """What such a call cost, or may cost, is unknown, even of no tokens."""
    assert rates.paid_usd(Usage(input_tokens=0, output_tokens=0)) is None
    assert rates.worst_usd(0, 0) is None


@given(rates=st.tuples(PRICES, PRICES, PRICES, PRICES), counts=st.tuples(COUNTS, COUNTS, COUNTS, COUNTS))
def test_a_bound_holds_however_the_input_was_cached(
    rates: tuple[Decimal, Decimal, Decimal, Decimal], counts: tuple[int, int, int, int]
) -> None:
    """No usage of so many tokens costs more than their bound."""
    input_price, output_price, write, hour = rates
    read, written, kept, answered = counts
    known = Rates(
        input=input_price, output=output_price, cached_input=input_price, cache_write=write, cache_write_1h=hour
    )
    usage = Usage(
        input_tokens=read + written + kept,
        output_tokens=answered,
        cached_input_tokens=read,
        cache_write_tokens=written + kept,
        cache_write_1h_tokens=kept,
    )

    paid, bound = known.paid_usd(usage), known.worst_usd(usage.input_tokens, answered, keeps_1h=True)

    assert paid is not None
    assert bound is not None
    assert paid <= bound
