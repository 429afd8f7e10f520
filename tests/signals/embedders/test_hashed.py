"""Tests of the embedder of hashed character n-grams."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.signals.embedders.hashed import DIMENSIONS, HashedEmbedder


def similarity(a: str, b: str) -> float:
    """How like two texts are to the embedder."""
    first, second = HashedEmbedder().embed([a, b])
    return float(first @ second)


def test_repeats_are_near() -> None:
    """The same words in another case, spacing or Unicode form have the same vector."""
    assert similarity("Where is my ORDER?", "  where is\nmy order? ") > 0.999_999
    assert similarity("caf\u00e9", "cafe\u0301") > 0.999_999


def test_a_typo_is_nearer_than_another_question() -> None:
    """Texts written nearly alike are nearer than texts that are not."""
    assert similarity("where is my order", "where is my ordr") > 0.8
    assert similarity("where is my order", "close the account please") < 0.3


def test_texts_of_white_space_have_no_direction() -> None:
    """A text with nothing in it is similar to nothing, not even to itself."""
    assert HashedEmbedder().embed(["", " \n\t"]).tolist() == [[0.0] * DIMENSIONS] * 2


def test_vectors_are_the_same_in_every_process() -> None:
    """What one process kept, another finds: no vector depends on the process's hash seed."""
    program = (
        "from policy_engine.signals.embedders.hashed import HashedEmbedder as H;"
        "print(H().embed(['where is my order']).tobytes().hex())"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert HashedEmbedder().embed(["where is my order"]).tobytes().hex() == other.stdout.strip()


@given(st.lists(st.text(st.characters(codec=None), max_size=40), max_size=4))
def test_any_text_has_a_vector(texts: list[str]) -> None:
    """Every text, lone surrogates included, has a finite row of length 1, or of zeros."""
    rows = HashedEmbedder().embed(texts)

    assert rows.shape == (len(texts), DIMENSIONS)
    assert all(abs(length - 1) < 1e-4 or length == 0 for length in np.linalg.norm(rows, axis=1))
