"""What the first call is expected to cost and take."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.estimate import estimate_default
from policy_engine.model.decision import Estimate
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.policies_of import policies

POLICY = """
models: {secret: {provider: far, model: secret-1}, half: {provider: far, model: half-1, price: {input: 1, output: 0}}}
rules:
  - {name: deny, when: {wants: {stream: true}}, then: {deny: {message: no}}}
  - {name: unpriced, when: {wants: {model: a}}, then: {route: secret}}
  - {name: nothing, when: {wants: {model: b}}, then: {route: requested}}
  - {name: policy, when: {wants: {model: c}}, then: {route: opus, params: {max_tokens: 2k}}}
  - {name: capped, when: {wants: {model: d}}, then: {route: opus, limits: {max_tokens: 100}}}
  - {name: free-output, when: {wants: {model: e}}, then: {route: half}}
  - {name: cascade, when: {wants: {model: f}}, then: {cascade: careful}}
  - {name: opus, then: {route: opus}}
"""

# opus: $5 and $25 per million; 1,000 tokens of input are half a cent.
ESTIMATES: dict[str, tuple[dict[str, Any], str | None, float | None]] = {
    "as many output tokens as are usual": ({}, "0.0114", 4000.0),
    "as many as the caller asks for": ({"params": {"max_tokens": 1000}}, "0.03", 4000.0),
    "as many as the policy asks for": ({"wants": {"model": "c"}, "params": {"max_tokens": 9}}, "0.055", 4000.0),
    "as many as the limit allows": ({"wants": {"model": "d"}, "params": {"max_tokens": 900}}, "0.0075", 4000.0),
    "an unknown price": ({"wants": {"model": "a"}}, None, None),
    "a price of nothing": ({"wants": {"model": "e"}}, "0.001", None),
    "no model at all": ({"wants": {"stream": True}}, "0", 0.0),
    "no model that can serve": ({"wants": {"model": "b"}}, None, None),
    "the first step of a cascade": ({"wants": {"model": "f"}}, "0.001512", 400.0),
}


@pytest.mark.parametrize(("fields", "cost_usd", "latency_ms"), ESTIMATES.values(), ids=ESTIMATES.keys())
def test_an_estimate_is_input_and_expected_output(
    fields: dict[str, Any], cost_usd: str | None, latency_ms: float | None, tmp_path: Path
) -> None:
    """The cost is exact for the tokens expected; what nobody knows is None."""
    request = Request(input="hello", tokens={"input": 1000}, **fields)

    decision = decide(policies(tmp_path, POLICY), request, estimate=True)

    assert decision.estimate == Estimate(
        cost_usd=None if cost_usd is None else Decimal(cost_usd), latency_ms=latency_ms
    )


def test_default_is_estimated_for_comparison(tmp_path: Path) -> None:
    """What default would cost is known without deciding; a request without input sends nothing."""
    policy_set = policies(tmp_path, POLICY)

    sent = estimate_default(Facts(Request(input="x", tokens={"input": 1000}), policy_set.layout), policy_set)
    empty = estimate_default(Facts(Request(), policy_set.layout), policy_set)

    assert (sent, empty) == (Decimal("0.00684"), Decimal("0.00384"))


def test_an_estimate_is_given_only_when_asked_for(tmp_path: Path) -> None:
    """Without being asked, a decision has none."""
    assert decide(policies(tmp_path, POLICY), Request()).estimate is None
