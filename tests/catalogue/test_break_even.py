"""The escalation rate up to which a cascade pays."""

import math

import pytest

from policy_engine.catalogue.break_even import break_even_rate


@pytest.mark.parametrize(
    ("cheap", "dear", "gate", "expected"),
    [(1, 10, 0, 0.9), (1, 10, 2, 0.7), (10, 10, 0, 0.0), (12, 10, 0, 0.0), (0, 10, 0, 1.0), (0, 0, 0, 0.0)],
)
def test_it_is_what_the_cheap_step_saves(cheap: float, dear: float, gate: float, expected: float) -> None:
    """1 - (cheap + gate) / dear, held between 0 and 1."""
    assert break_even_rate(cheap, dear, gate) == pytest.approx(expected)


@pytest.mark.parametrize("cost", [-1.0, math.inf, math.nan])
def test_a_cost_must_be_an_amount(cost: float) -> None:
    """What is no amount of money is refused."""
    with pytest.raises(ValueError, match="finite amount of USD"):
        break_even_rate(cost, 1.0)
