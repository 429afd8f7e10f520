"""Classifier files for tests, written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policy_engine.model.classifier import Confidence, TrainedClassifier

NOTHING = TrainedClassifier(
    labels=("easy", "hard"),
    texts=1,
    words={},
    grams={},
    embedder=None,
    embedding=(),
    scale=1.0,
    bias=(0.0, 0.0),
    confidence=Confidence(sharpness=1.0, slope=1.0, offset=0.0),
    metrics={},
    date="2026-11-24",
    trained_on="",
)


def knowing(words: Mapping[str, tuple[int, ...]], *labels: str) -> TrainedClassifier:
    """A classifier of ten texts that knows some words: in how many texts they were, and a weight for each label."""
    return replace(NOTHING, labels=labels, texts=10, bias=(0.0,) * len(labels), words=words)


def empty_classifier(*labels: str) -> str:
    """The file of a classifier with these labels that knows no word, so that what it says is unknown."""
    return knowing({}, *labels).to_text()
