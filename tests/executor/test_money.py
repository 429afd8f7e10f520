"""What calls may cost, and did cost."""

from dataclasses import replace
from decimal import Decimal

from policy_engine.executor.money import paid_usd, worst_usd
from policy_engine.model.call import Prompt, Usage
from policy_engine.model.plan import Card
from policy_engine.model.price import LongRates, Rates

CARD = Card(
    name="m",
    provider="p",
    model="m",
    tier=None,
    tags=frozenset(),
    input_price=Decimal(1),
    output_price=Decimal(2),
    cache_write_price=Decimal("1.25"),
    cache_write_1h_price=Decimal(2),
    long_rates=(LongRates(above_tokens=1_000, rates=Rates(input=Decimal(10), output=Decimal(20))),),
)
PROMPT = Prompt(messages=({"role": "user", "content": "x"},))
KEPT = {"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]}


def test_a_bound_counts_input_at_the_dearest_price_it_can_have() -> None:
    """Input may be written to the cache by itself, and for an hour only if the request says so."""
    plain = worst_usd(CARD, PROMPT, input_tokens=100, max_tokens=10)
    kept = worst_usd(CARD, replace(PROMPT, messages=(KEPT,)), input_tokens=100, max_tokens=10)

    assert (plain, kept) == (Decimal("0.000145"), Decimal("0.00022"))


def test_a_long_request_costs_more_for_all_its_tokens() -> None:
    """One token more than a step allows changes the price of every token, in the bound as in the bill."""
    short = Usage(input_tokens=1_000, output_tokens=1)
    long = Usage(input_tokens=1_001, output_tokens=1)

    assert (paid_usd(CARD, short), paid_usd(CARD, long)) == (Decimal("0.001002"), Decimal("0.01003"))
    assert worst_usd(CARD, PROMPT, input_tokens=1_001, max_tokens=1) == Decimal("0.01003")


def test_an_unknown_usage_is_an_unknown_cost() -> None:
    """Where a provider does not count, nobody invents a count."""
    assert paid_usd(CARD, None) is None
