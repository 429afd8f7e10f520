"""The compiled graph against the reference, and what holds for every build and every decision, on made-up bundles."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluator.decide import decide
from policy_engine.model.request import read_request
from policy_engine.model.schemas import read_schema
from policy_engine.pipeline import build
from tests.property.agreement import TODAY, built, compared, folder_of, learner, policy_set_of, seen, write
from tests.property.policies import Files, make_files, make_rule
from tests.property.traffic import make_request, make_signals
from tests.reference import Reference

Request = Mapping[str, Any]


@st.composite
def bundles(draw: st.DrawFn) -> tuple[Files, list[Request]]:
    """The files of a bundle, and requests for it."""
    rng = draw(st.randoms(use_true_random=False))
    return make_files(rng), [make_request(rng) for _ in range(rng.choice((1, 5, 10, 20)))]


@settings(max_examples=60)
@given(bundles())
def test_the_compiled_graph_decides_as_the_reference_does(case: tuple[Files, list[Request]]) -> None:
    """Rule, effect, model, tier, tags and what was unknown are those of the reference, with a trace or without."""
    files, requests = case
    policy_set, reference = built(files), Reference(files)
    for request in requests:
        result = compared(policy_set, reference, request)
        assert (seen(result.decision), seen(result.traced)) == (result.expected, result.expected)
        assert result.agree
