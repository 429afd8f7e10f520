"""Tests of what classifiers are trained on: lines as they are written, and what is wrong with them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy_engine.advisor.training.examples import Example, Naming, digest_of, read_examples, without_repeats

NAMING = Naming(labels=("fast", "frontier"), tiers={"mini": "fast", "opus": "frontier", "lost": "elsewhere"})


def outcomes(**models: tuple[float, float]) -> dict[str, Any]:
    """Outcomes of models: score and cost."""
    return {model: {"score": score, "cost_usd": cost_usd} for model, (score, cost_usd) in models.items()}


def read(*lines: Any) -> tuple[Example, ...]:
    """The examples of lines given as values."""
    return read_examples([json.dumps(line) for line in lines], NAMING)


def test_a_text_may_be_written_in_three_ways() -> None:
    """`text`, `input`, or the newest user message of `messages`."""
    messages = [{"role": "user", "content": "old"}, {"role": "user", "content": "new"}]

    found = read(
        {"text": "a", "label": "fast"},
        {"input": "b", "label": "fast", "task": "faq"},
        {"messages": messages, "label": "frontier"},
    )

    assert found == (
        Example(text="a", label="fast"),
        Example(text="b", label="fast", task="faq"),
        Example(text="new", label="frontier"),
    )


def test_outcomes_stand_in_for_a_label() -> None:
    """The label is that of the cheapest model that no other one beats, by the tier that it is in."""
    found = read(
        {"input": "a", "outcomes": outcomes(mini=(1.0, 0.1), opus=(1.0, 2.0))},
        {"input": "b", "outcomes": outcomes(mini=(0.2, 0.1), opus=(0.9, 2.0))},
        {"input": "c", "label": "frontier", "outcomes": outcomes(mini=(1.0, 0.1))},
    )

    assert [one.label for one in found] == ["fast", "frontier", "frontier"]
    assert found[1].scores == {"mini": 0.2, "opus": 0.9}
    assert found[1].costs_usd == {"mini": 0.1, "opus": 2.0}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "line 2: it is no JSON"),
        ("[1]", "line 2: it is no JSON object"),
        ('{"label": "fast"}', "line 2: no text; write it as `text`, `input` or `messages`"),
        ('{"text": " ", "label": "fast"}', "line 2: no text; write it as `text`, `input` or `messages`"),
        ('{"text": "a"}', "line 2: no `label`, and no `outcomes` to take it from"),
        ('{"text": "a", "label": 3}', "line 2: no `label`, and no `outcomes` to take it from"),
        (
            '{"text": "a", "label": "fats"}',
            "line 2: label `fats` is none of the classifier's; did you mean `fast`?",
        ),
        (
            '{"text": "a", "label": "x"}',
            "line 2: label `x` is none of the classifier's; those are `fast`, `frontier`",
        ),
        ('{"text": "a", "outcomes": {}}', "line 2: `outcomes` must be a JSON object that names at least one model"),
        (
            '{"text": "a", "outcomes": {"mini": {"score": 1}}}',
            "line 2: no `label`, and its `outcomes` do not tell `score` and `cost_usd` of each model",
        ),
        (
            '{"text": "a", "outcomes": {"lost": {"score": 1, "cost_usd": 1}}}',
            "line 2: no label stands for model `lost`; labels are names of models or of their tiers",
        ),
    ],
)
def test_a_line_that_is_no_example_is_told(line: str, problem: str) -> None:
    """The message names the line and what is wrong with it."""
    with pytest.raises(ValueError, match=r".") as raised:
        read_examples(['{"text": "fine", "label": "fast"}', line], NAMING)

    assert str(raised.value) == problem


def test_empty_lines_are_none() -> None:
    """They count as lines, and are left out."""
    assert len(read_examples(["", '{"text": "a", "label": "fast"}', "\n"], NAMING)) == 1


def test_repeated_examples_count_once() -> None:
    """The same text under another label stays: it says that the two are hard to tell apart."""
    a, b = Example(text="a", label="fast"), Example(text="a", label="frontier")

    assert without_repeats([a, b, a]) == (a, b)


def test_a_digest_is_of_texts_and_labels_in_any_order() -> None:
    """Another label is another digest; another order is not."""
    a, b = Example(text="a", label="fast"), Example(text="b", label="frontier")

    assert digest_of([a, b]) == digest_of([b, a])
    assert digest_of([a, b]) != digest_of([a, Example(text="b", label="fast")])
