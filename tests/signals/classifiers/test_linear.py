"""Tests of a classifier at work: what it reads, how it adds up, and when it says nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.model.classifier import Confidence
from policy_engine.signals.classifiers.features import grams_of, rarity, words_of
from policy_engine.signals.classifiers.linear import LinearClassifier
from tests.classifier_file import NOTHING, knowing

BOTH = knowing({"hello": (4, 2, -2), "prove": (4, -2, 2)}, "easy", "hard")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Where's my ORDER?", ["where", "s", "my", "order"]),
        ("Caf\u0065\u0301  au\nlait", ["caf\u00e9", "au", "lait"]),
        ("订单 123", ["订单", "123"]),
        ("?! ...", []),
    ],
)
def test_words_are_lower_case_and_composed(text: str, words: list[str]) -> None:
    """Case, punctuation and the way an accent is written make no difference."""
    assert words_of(text) == words


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    """A text of a megabyte costs no more than one of 4,000 characters."""
    assert len(words_of("word " * 200_000)) == 800


def test_runs_of_characters() -> None:
    """The ends of a word are marked by a space."""
    assert grams_of("an") == [" an", "an ", " an "]
    assert grams_of("a") == [" a "]


def test_a_score_is_the_share_of_the_best_label() -> None:
    """With nothing to correct, evidence e and -e makes a probability of 1 / (1 + exp(-2e))."""
    rare = rarity(4, 10)
    unknown = rarity(0, 10) ** 2 * len(grams_of("hello"))
    evidence = 2 * rare / math.sqrt(rare**2 + unknown)

    judged = LinearClassifier(BOTH).judge("Hello!")

    assert judged is not None
    assert judged[0] == "easy"
    assert judged[1] == pytest.approx(1 / (1 + math.exp(-2 * evidence)), abs=1e-6)


def test_a_word_that_is_not_known_weakens_the_evidence() -> None:
    """The more of a text is unknown, the less sure the answer."""
    classifier = LinearClassifier(BOTH)
    scores = [classifier.judge(text) for text in ("hello", "hello stranger", "hello stranger from afar")]

    assert [judged is not None and judged[0] for judged in scores] == ["easy", "easy", "easy"]
    assert scores == sorted(scores, key=lambda judged: -judged[1] if judged else 0.0)
    assert len(set(scores)) == 3


@pytest.mark.parametrize("text", ["", " ", "?!", "xyzzy", "注文"])
def test_a_text_of_which_nothing_is_known_has_no_label(text: str) -> None:
    """Nobody guesses the commonest label where there is no evidence."""
    assert LinearClassifier(BOTH).judge(text) is None


def test_characters_of_an_unknown_word_count() -> None:
    """A misspelt word is known by the runs of characters that it shares."""
    trained = replace(BOTH, grams={" ref": (3, 5, -5)}, words={})

    judged = LinearClassifier(trained).judge("refnud")

    assert judged is not None
    assert judged[0] == "easy"


def test_a_known_word_counts_with_its_characters() -> None:
    """What was summed up beforehand is what looking the characters up would give."""
    apart = LinearClassifier(replace(BOTH, grams={" hel": (3, 5, -5)}, words={}))
    together = LinearClassifier(replace(BOTH, grams={" hel": (3, 5, -5)}, words={"hello": (1, 0, 0)}))

    # A word that was in one text is as rare as one in none, and this one says nothing by itself.
    assert together.judge("hello") == pytest.approx(apart.judge("hello"))


def test_confidence_bends_scores_and_no_labels() -> None:
    """Slope and offset change how sure the answer is, never which it is."""
    wary = replace(BOTH, confidence=Confidence(sharpness=1.0, slope=0.5, offset=-1.0))

    plain, bent = LinearClassifier(BOTH).judge("hello"), LinearClassifier(wary).judge("hello")

    assert plain is not None
    assert bent is not None
    assert bent[0] == plain[0]
    assert math.log(bent[1] / (1 - bent[1])) == pytest.approx(0.5 * math.log(plain[1] / (1 - plain[1])) - 1.0, abs=1e-5)


def test_vectors_are_evidence_too() -> None:
    """Where there is a vector, it counts beside the words, and alone where no word is known."""
    trained = replace(BOTH, embedder="some@1", embedding=((3, -3), (-3, 3)))
    classifier = LinearClassifier(trained)
    hard = np.array([0.0, 1.0], np.float32)

    assert classifier.judge("xyzzy", hard) == ("hard", pytest.approx(1 / (1 + math.exp(-6)), abs=1e-6))
    assert classifier.judge("hello", np.array([1.0, 0.0], np.float32)) > classifier.judge("hello")  # type: ignore[operator]  # both are known


def test_shares_are_those_of_all_labels() -> None:
    """Shares add up to one, and the best of them is the label's."""
    shares = LinearClassifier(BOTH).shares("prove it")

    assert shares is not None
    assert float(shares.sum()) == pytest.approx(1.0)
    assert shares.argmax() == 1


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    """Whatever a text holds, lone surrogates too, the answer is a label with a probability, or none."""
    judged = LinearClassifier(BOTH).judge(text)

    assert judged is None or (judged[0] in BOTH.labels and 0.0 <= judged[1] <= 1.0)


def test_a_classifier_without_terms_knows_nothing() -> None:
    """A file may hold no term at all."""
    assert LinearClassifier(NOTHING).judge("hello") is None


def test_wild_weights_stay_numbers() -> None:
    """The largest weights that a file may hold give a probability, and no warning."""
    wild = replace(BOTH, words={"hello": (1, 1_000_000, -1_000_000)}, scale=1e6)

    assert LinearClassifier(wild).judge("hello") == ("easy", pytest.approx(1.0, abs=1e-5))
