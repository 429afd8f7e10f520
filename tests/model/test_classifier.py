"""Tests of classifier files: what is written is read, and what is broken, hostile or too new is refused in words."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from policy_engine.model.classifier import read_classifier
from tests.classifier_file import knowing

SMALL = knowing({"hello": (4, 700, -700), "prove": (3, -900, 900)}, "easy", "hard")
WRITTEN: dict[str, Any] = json.loads(SMALL.to_text())


def changed(**fields: Any) -> bytes:
    """The small classifier's file with other fields."""
    return json.dumps({**WRITTEN, **fields}).encode()


def test_what_is_written_is_read() -> None:
    """A file holds all there is to a classifier, and names the format that it is in."""
    assert read_classifier(SMALL.to_text().encode()) == SMALL
    assert WRITTEN["format"] == 1


def test_each_term_has_a_line() -> None:
    """A changed weight is one changed line."""
    assert '"prove":[3,-900,900]' in SMALL.to_text().splitlines()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (SMALL.to_text().encode()[:200], "it is cut off or no JSON"),
        (b"", "it is cut off or no JSON"),
        (b"\xff\xfe\x00", "it is cut off or no JSON"),
        (b"[" * 100_000, "it is cut off or no JSON"),
        (pickle.dumps({"format": 1}), "it is cut off or no JSON"),
        (b"[]", "it is no classifier; `policy-engine train` writes one"),
        (b'{"labels": ["a", "b"]}', "it is no classifier; `policy-engine train` writes one"),
        (changed(format=2), "a newer release wrote it (format 2, this one knows 1)"),
        (changed(format=True), "it is no classifier; `policy-engine train` writes one"),
        (changed(labels="easy"), "its `labels` is missing or no such value"),
        (changed(labels=["easy"]), "its `labels` are not 2 to 1,000 different ones"),
        (changed(labels=["easy", "easy"]), "its `labels` are not 2 to 1,000 different ones"),
        (changed(words={"a": [1, 2]}), "the row of `a` in its `words` is not a count and 2 weights"),
        (changed(words={"a": [0, 2, 3]}), "the row of `a` in its `words` is not a count and 2 weights"),
        (changed(words={"a": [1, 2, 3.5]}), "the row of `a` in its `words` is not a count and 2 weights"),
        (changed(words={"a": [1, 2, 10**30]}), "the row of `a` in its `words` is not a count and 2 weights"),
        (changed(words={"a": "abc"}), "the row of `a` in its `words` is not a count and 2 weights"),
        (changed(words=[]), "its `words` is missing or no such value"),
        (changed(embedding=[[1, True]]), "its `embedding` is missing or no such value"),
        (changed(embedding=[[1, 2]]), "it has an embedder without weights, or weights without an embedder"),
        (changed(embedder="minilm@1"), "it has an embedder without weights, or weights without an embedder"),
        (changed(embedder=7), "its `embedder` is missing or no such value"),
        (changed(scale="1"), "its `scale` is missing or no such value"),
        (changed(scale=10**400), "its `scale` is missing or no such value"),
        (changed(scale=1e300), "its `scale` is missing or no such value"),
        (changed(texts=0), "its `texts` is missing or no such value"),
        (changed(bias=[0.0]), "its `bias` is missing or no such value"),
        (changed(confidence={"sharpness": 1}), "its `slope` is missing or no such value"),
        (changed(date=None), "its `date` is missing or no such value"),
        (SMALL.to_text().replace("1.0", "NaN").encode(), "it is cut off or no JSON"),
        (SMALL.to_text().replace("1.0", "1e999").encode(), "its `scale` is missing or no such value"),
        (SMALL.to_text().replace("1.0", "9" * 5_000).encode(), "it is cut off or no JSON"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(content: bytes, problem: str) -> None:
    """A file that is cut off, hostile, of another shape or of a later release raises ValueError and says why."""
    with pytest.raises(ValueError, match=r".") as raised:
        read_classifier(content)

    assert str(raised.value) == problem
