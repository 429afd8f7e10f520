"""The classifier under examples/: what training on the lines beside it gives, and what its rules make of it."""

from __future__ import annotations

import json
from datetime import date

import pytest

from policy_engine import Request, build, decide
from policy_engine.advisor.training.examples import Naming, digest_of, read_examples
from policy_engine.advisor.training.train import train
from policy_engine.model.classifier import read_classifier
from policy_engine.signals.classifiers.linear import LinearClassifier
from policy_engine.signals.live import pure_sources
from tests.e2e.pages import TOP

FOLDER = TOP / "examples" / "policies_classifier"
LABELS = TOP / "examples" / "labels.jsonl"
NAMING = Naming(labels=("fast", "workhorse", "frontier"))


def test_it_is_what_training_on_the_lines_beside_it_gives() -> None:
    """Lines, terms and what they are worth are those of the file, up to the last digits of other processors."""
    shipped = read_classifier((FOLDER / "classifiers" / "complexity.json").read_bytes())
    examples = read_examples(LABELS.read_text(encoding="utf-8").splitlines(), NAMING)

    trained = train(examples, NAMING, today=date.fromisoformat(shipped.date)).classifier

    assert shipped.trained_on == digest_of(examples)
    assert (trained.words.keys(), trained.grams.keys()) == (shipped.words.keys(), shipped.grams.keys())
    assert trained.metrics["accuracy"] == pytest.approx(shipped.metrics["accuracy"], abs=0.02)
    for one in examples:
        ours, theirs = LinearClassifier(trained).shares(one.text), LinearClassifier(shipped).shares(one.text)
        assert ours is not None
        assert theirs is not None
        assert ours == pytest.approx(theirs, abs=0.01)


@pytest.mark.parametrize(
    ("text", "rule", "tier"),
    [
        ("Do you ship to Iceland?", "looks-easy", "fast"),
        ("Write a kind reply to a customer who lost her parcel.", None, "workhorse"),
        ("Prove that the algorithm terminates, and derive its complexity.", "looks-hard", "frontier"),
        ("zzz", None, "workhorse"),
    ],
)
def test_messages_go_where_they_look_like_they_belong(text: str, rule: str | None, tier: str) -> None:
    """Easy ones to the cheap tier, hard ones to the best, and what is unclear to the one between."""
    policy_set = build(FOLDER).policy_set
    assert policy_set is not None

    decision = decide(policy_set, Request(input=text), learn=pure_sources(policy_set).resolve)

    assert (decision.rule, decision.tier) == (rule, tier)


def test_labels_are_told_apart_by_every_third_line() -> None:
    """The file has equally many of each label, none of them twice."""
    lines = [json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines()]

    assert [line["label"] for line in lines] == list(NAMING.labels) * (len(lines) // 3)
    assert len({line["text"] for line in lines}) == len(lines) == 120
