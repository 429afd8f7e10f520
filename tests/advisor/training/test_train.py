"""Tests of training: what is learned, how it is judged, and that the same examples give the same classifier."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from policy_engine.advisor.training.confidence import best_of, calibration_error, fit_confidence, reliability_of
from policy_engine.advisor.training.examples import Example, Naming, digest_of
from policy_engine.advisor.training.fit import fit
from policy_engine.advisor.training.judged import judged
from policy_engine.advisor.training.space import MAX_WEIGHTS, space_of
from policy_engine.advisor.training.train import TooLittle, Training, train
from policy_engine.model.classifier import read_classifier
from policy_engine.signals.classifiers.linear import LinearClassifier
from policy_engine.signals.embedders.hashed import HashedEmbedder
from tests.advisor.training.labelled import LABELS, examples

NAMING = Naming(labels=LABELS)
TODAY = date(2026, 11, 24)


def trained(given: tuple[Example, ...]) -> Training:
    """What training on some examples gives."""
    return train(given, NAMING, today=TODAY)


def test_it_tells_texts_that_it_has_not_seen() -> None:
    """Trained on some, it is right about most others, and says so about as often as it is."""
    training = trained(examples(240))
    others = examples(600, seed=2, noise=0.0)

    classifier = LinearClassifier(training.classifier)
    told = [classifier.judge(one.text) for one in others]
    right = [one is not None and one[0] == other.label for one, other in zip(told, others, strict=True)]

    assert sum(right) / len(right) > 0.95
    assert 0.8 < training.judgement.accuracy < 0.97  # a tenth of its own labels is wrong
    assert training.judgement.majority < 0.4
    assert training.judgement.calibration_error < 0.08


def test_it_is_written_with_all_that_stands_behind_it() -> None:
    """A file says from how many examples it is, when it was made, which examples those were, and how good it is."""
    given = examples(60)
    classifier = trained(given).classifier

    assert read_classifier(classifier.to_text().encode()) == classifier
    assert (classifier.labels, classifier.texts, classifier.date) == (LABELS, 60, "2026-11-24")
    assert classifier.trained_on == digest_of(given)
    assert set(classifier.metrics) == {
        "examples", "folds", "accuracy", "accuracy_margin", "majority", "calibration_error", "bins", "labels",
    }  # fmt: skip


def test_the_same_examples_give_the_same_classifier() -> None:
    """Their order makes no difference, and neither do repeats."""
    given = examples(60)

    assert trained(given).classifier == trained((*reversed(given), *given)).classifier


def test_what_is_served_is_what_was_fitted() -> None:
    """Rounded weights from a file give the scores of the fit, up to a thousandth."""
    given = examples(90)
    targets = np.array([LABELS.index(one.label) for one in given])
    fitted = fit([one.text for one in given], targets, LABELS)
    fine = LinearClassifier(fitted.classifier)
    coarse = LinearClassifier(read_classifier(fitted.classifier.to_text().encode()))

    for one in given[:20]:
        first, second = fine.shares(one.text), coarse.shares(one.text)
        assert first is not None
        assert second is not None
        assert first == pytest.approx(second, abs=1e-3)
        assert LABELS[int(first.argmax())] == fine.judge(one.text)[0]  # type: ignore[index]  # it was told just now


def test_labels_are_judged_one_by_one() -> None:
    """Precision is of answers, recall of texts; a label nobody has or gives has none of both."""
    given = examples(60, noise=0.0)
    training = train(given, Naming(labels=(*LABELS, "praise")), today=TODAY)
    quality = {one.label: one for one in training.judgement.labels}

    assert [quality[label].examples for label in (*LABELS, "praise")] == [20, 20, 20, 0]
    assert all((quality[label].recall or 0) > 0.6 for label in LABELS)
    assert (quality["praise"].precision, quality["praise"].recall) in ((None, None), (0.0, None))
    assert training.scarce == {"praise": 0}


def test_vectors_of_an_embedder_are_learned_too() -> None:
    """The file then names the embedder and has weights for its dimensions."""
    given = examples(60)

    training = train(given, NAMING, today=TODAY, embedder=HashedEmbedder())

    assert training.classifier.embedder == "hashed/1"
    assert len(training.classifier.embedding) == 512
    text = given[0].text
    judged_so = LinearClassifier(training.classifier).judge(text, HashedEmbedder().embed([text])[0])
    assert judged_so is not None
    assert judged_so[0] in LABELS


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ((), "0 different examples are too few; at least 20 are needed"),
        (examples(3) * 20, "3 different examples are too few; at least 20 are needed"),
        (
            tuple(replace(one, label="billing") for one in examples(30)),
            "all examples have the label `billing`; there is nothing to tell apart",
        ),
    ],
)
def test_too_little_is_refused(given: tuple[Example, ...], problem: str) -> None:
    """What cannot teach anything is told, and nothing is made of it."""
    with pytest.raises(TooLittle) as raised:
        trained(given)

    assert str(raised.value) == problem


def test_labels_that_mean_nothing_are_seen_through() -> None:
    """Where labels have nothing to do with texts, accuracy is near chance, and scores say so."""
    chance = np.random.default_rng(3)
    given = tuple(replace(one, label=LABELS[chance.integers(3)]) for one in examples(240))

    judgement = trained(given).judgement

    assert judgement.accuracy < 0.45
    assert judgement.calibration_error < 0.1


def test_a_text_is_judged_without_itself() -> None:
    """A text whose only like is itself is not told by having been learned by heart."""
    given = [*examples(60, noise=0.0), Example(text="qqqq wwww eeee", label="returns")]
    targets = np.array([LABELS.index(one.label) for one in given])
    left_out = fit([one.text for one in given], targets, LABELS).left_out

    assert float(np.ptp(left_out.evidence[-1])) < 0.5 * float(np.ptp(left_out.evidence[:-1], axis=1).mean())
    assert judged(left_out, targets, LABELS).examples == 61


def test_terms_are_bounded_by_their_number_of_weights() -> None:
    """However many labels there are, a file stays of a size that a bundle reads; the most frequent terms stay."""
    names = [f"label {number}" for number in range(200)]
    texts = [f"common word {number} {number * 7919}" for number in range(2_000)]
    space = space_of(texts, names)

    assert sum(len(terms) for terms in space.counts.values()) == MAX_WEIGHTS // 200
    assert space.counts["words"]["common"] == 2_000


def test_confidence_mends_scores_that_are_too_sure() -> None:
    """Evidence that is right in seven of ten cases has scores of about that, however sharp it was."""
    chance = np.random.default_rng(5)
    targets = chance.integers(0, 3, 2_000)
    told = np.where(chance.random(2_000) < 0.7, targets, (targets + 1) % 3)
    evidence = 30.0 * np.eye(3)[told]

    confidence = fit_confidence(evidence, targets)
    scores = best_of(evidence, confidence)
    bins = reliability_of(scores, (told == targets).astype(float))

    assert float(scores.mean()) == pytest.approx(0.7, abs=0.03)
    assert calibration_error(bins) < 0.03
    assert calibration_error(reliability_of(np.ones(2_000), (told == targets).astype(float))) == pytest.approx(
        0.3, abs=0.03
    )
