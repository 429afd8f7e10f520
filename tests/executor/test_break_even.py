"""When cascades pay."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.catalogue.break_even import break_even_rate
from policy_engine.executor.break_even import BreakEven, break_evens
from tests.executor.worlds import policy_set

COSTS = st.floats(min_value=0, max_value=1_000)


@given(cheap=COSTS, dear=st.floats(min_value=0.001, max_value=1_000), gate=COSTS)
def test_at_the_rate_both_ways_cost_the_same(cheap: float, dear: float, gate: float) -> None:
    """Below it the cascade is cheaper, above it the dear model alone; it is 0 where the cascade never pays."""
    rate = break_even_rate(cheap, dear, gate)

    if cheap + gate >= dear:
        assert rate == 0.0
    else:
        assert cheap + gate + rate * dear == pytest.approx(dear)


@pytest.mark.parametrize("cost", [-1.0, math.nan, math.inf])
def test_a_cost_is_a_finite_amount(cost: float) -> None:
    """Anything else is the caller's mistake."""
    with pytest.raises(ValueError, match="a cost must be a finite amount of USD from 0 up"):
        break_even_rate(cost, 1.0)


def test_a_model_that_costs_nothing_is_never_worth_waiting_for() -> None:
    """There is nothing to save."""
    assert break_even_rate(0.0, 0.0) == 0.0


def test_every_pair_of_steps_has_its_rate(tmp_path: Path) -> None:
    """It counts prices and what the gate's judge costs, and stands beside the cascade's own limit."""
    judged = "{output: {judge: {model: judge, question: Right?, score: {gte: 0.5}}}}"
    (tmp_path / "more.yaml").write_text(
        f"cascades:\n  asked: {{steps: [{{route: small, accept: {judged}}}, {{route: large}}]}}\n"
        "  unused: {steps: [{route: small, accept: {output: {json: true}}}, {route: large}]}\n",
        encoding="utf-8",
    )
    extra = "  - {name: asks, when: {task: plain}, then: {cascade: asked}}\n"

    pairs = break_evens(policy_set(tmp_path, "escalation_rate: {max: 30%, window: 1h}", extra))

    # 1,000 in and 300 out: small $0.0016, large $0.016; a judge of 1,400 in and 16 out at $1: $0.001416.
    assert [(pair.cascade, pair.step, pair.cheap, pair.dear, pair.judges, pair.limit) for pair in pairs] == [
        ("asked", 0, "small", "large", ("judge",), None),
        ("careful", 0, "small", "large", (), 0.3),
        ("careful", 1, "large", "spare", (), 0.3),
    ]
    assert [pair.rate for pair in pairs] == pytest.approx([1 - (0.0016 + 0.001416) / 0.016, 0.9, 0.0])


def test_an_unknown_price_is_an_unknown_rate(tmp_path: Path) -> None:
    """Nobody invents a price for a model that has none."""
    (tmp_path / "more.yaml").write_text(
        "models: {own: {provider: eu, model: own-1}}\n"
        "cascades: {own: {steps: [{route: own, accept: {output: {json: true}}}, {route: large}]}}\n",
        encoding="utf-8",
    )
    extra = "  - {name: own, when: {task: plain}, then: {cascade: own}}\n"

    own = next(pair for pair in break_evens(policy_set(tmp_path, extra=extra)) if pair.cascade == "own")

    assert own == BreakEven(cascade="own", step=0, cheap="own", dear="large", judges=(), rate=None, limit=None)
