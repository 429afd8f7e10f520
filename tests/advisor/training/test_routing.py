"""Tests of what a classifier is worth as a router, beside what needs no training."""

from __future__ import annotations

import pytest

from policy_engine.advisor.training.examples import Example
from policy_engine.advisor.training.routing import CLASSIFIER, LENGTH, TABLE, routing_of

EASY = Example(text="xx", label="a", task="plain", scores={"a": 1.0, "b": 1.0}, costs_usd={"a": 1.0, "b": 9.0})
HARD = Example(text="x", label="b", task="puzzle", scores={"a": 0.0, "b": 1.0}, costs_usd={"a": 1.0, "b": 9.0})
FOLDS = [0, 0, 0, 0, 1, 1, 1, 1]


def test_one_that_knows_recovers_all_with_few_calls() -> None:
    """Asking the strong model exactly where it is needed recovers the whole gap; asking it last there, nothing."""
    routing = routing_of([EASY, HARD] * 4, [0.0, 1.0] * 4, FOLDS)

    assert routing is not None
    assert (routing.weak, routing.strong, routing.examples) == ("a", "b", 8)
    assert routing.curves[CLASSIFIER].apgr == pytest.approx(0.75)
    assert dict(routing.curves[CLASSIFIER].cpt)[0.8] == pytest.approx(0.4)
    assert routing.curves[LENGTH].apgr == pytest.approx(0.25)  # here the short ones are hard
    assert routing.curves[TABLE].apgr == pytest.approx(0.75)


def test_one_that_knows_nothing_is_worth_as_much_as_chance() -> None:
    """Equals are asked together, so that their order is worth nothing."""
    routing = routing_of([EASY, HARD] * 4, [0.5] * 8, FOLDS)

    assert routing is not None
    assert routing.curves[CLASSIFIER].apgr == pytest.approx(0.5)


def test_the_table_is_of_other_texts_than_those_judged() -> None:
    """Where tasks say nothing about the next text of theirs, the table is no better than chance."""
    examples = [EASY, HARD, HARD, EASY]
    told = [Example(text=one.text, label=one.label, task=str(place // 2), scores=one.scores, costs_usd=one.costs_usd)
            for place, one in enumerate(examples)]  # fmt: skip

    routing = routing_of(told, [0.0] * 4, [0, 1, 0, 1])

    assert routing is not None
    assert routing.curves[TABLE].apgr == pytest.approx(0.25)  # what held of one half is wrong for the other


def test_models_are_told_by_what_they_cost_on_the_average() -> None:
    """With three models the curve is between the cheapest and the dearest."""
    three = Example(text="x", label="a", scores={"a": 0, "m": 1, "b": 1}, costs_usd={"a": 1, "m": 2, "b": 9})

    routing = routing_of([three] * 4, [0.0] * 4, [0] * 4)

    assert routing is not None
    assert (routing.weak, routing.strong) == ("a", "b")
    assert TABLE not in routing.curves  # nobody said a task


def test_without_outcomes_there_is_no_curve() -> None:
    """Labels alone do not tell what models would have done."""
    assert routing_of([Example(text="x", label="a")] * 4, [0.0] * 4, [0] * 4) is None
