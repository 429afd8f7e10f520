"""
Classifiers trained on 500 labelled lines: how often they are right, how far their scores can be believed, how fast.

    python benchmarks/classify.py ../shared/data --embedder minilm

FOLDER holds `banking77/train.jsonl` (77 intents), `clinc150/train.jsonl` (its 10 domains) and `routellm/mmlu.jsonl`
(its subjects as three topics). For each seed 500 lines are drawn to train on, either by chance or equally many of each
label, and 2,000 others to be judged. Training chooses and calibrates by its own lines alone. Beside it scikit-learn, if
it is installed: TF-IDF of words and logistic regression as they come, on the same lines.

The embedder is added by `policy-engine embedder add`. Prints a table and asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from policy_engine.advisor.training.confidence import calibration_error, reliability_of
from policy_engine.advisor.training.examples import Example, Naming
from policy_engine.advisor.training.train import train
from policy_engine.signals.classifiers.linear import LinearClassifier
from policy_engine.signals.embedders.named import Embedders

TRAINED, JUDGED = 500, 2_000
TOPICS = {
    "sciences": ("physics", "chemistry", "biology", "mathematics", "algebra", "statistics", "astronomy", "computer"),
    "medicine": ("medicine", "anatomy", "clinical", "nutrition", "virology", "genetics", "aging", "sexuality"),
    "society": ("law", "history", "philosophy", "politics", "policy", "moral", "sociology", "religions", "government"),
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A classifier on lines that it was not trained on."""

    accuracy: float
    calibration_error: float
    judge_us: float


class Embedded:
    """An embedder that remembers texts, so that each is embedded once."""

    def __init__(self, name: str) -> None:
        self._embedder = Embedders().get(name)
        self.identity = self._embedder.identity
        self.blocking = False
        self._known: dict[str, Any] = {}

    def embed(self, texts: Sequence[str]) -> Any:
        """One row for each text."""
        for text in texts:
            if text not in self._known:
                self._known[text] = self._embedder.embed((text,))[0]
        return np.array([self._known[text] for text in texts])


def banking(folder: Path) -> list[Example]:
    """Questions to a bank with their intents."""
    return [Example(text=one["text"], label=one["label"]) for one in lines_of(folder / "banking77" / "train.jsonl")]


def domains(folder: Path) -> list[Example]:
    """Questions to an assistant with their domains."""
    return [Example(text=one["text"], label=one["domain"]) for one in lines_of(folder / "clinc150" / "train.jsonl")]


def topics(folder: Path) -> list[Example]:
    """Exam questions whose subject belongs to one of three topics by its name."""
    found = []
    for one in lines_of(folder / "routellm" / "mmlu.jsonl"):
        label = next((name for name, words in TOPICS.items() if any(word in one["subject"] for word in words)), None)
        if label is not None:
            found.append(Example(text=one["prompt"], label=label))
    return found


SETS: dict[str, Callable[[Path], list[Example]]] = {
    "CLINC150, 10 domains": domains,
    "banking77, 77 intents": banking,
    "MMLU, 3 topics": topics,
}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--embedder", action="append", default=[], help="a local embedder to read vectors of, too")
    parser.add_argument("--seeds", type=int, default=5)
    arguments = parser.parse_args()
    embedders = {name: Embedded(name) for name in arguments.embedder}
    print("| set | lines drawn | reads | accuracy, mean (least to most) | calibration error, mean (most) | µs a text |")
    print("|---|---|---|---|---|---|")
    for title, read in SETS.items():
        examples = read(arguments.folder)
        for drawn in ("by chance", "evenly"):
            splits = [split(examples, seed, evenly=drawn == "evenly") for seed in range(arguments.seeds)]
            show(title, drawn, "words", [ours(*one, embedder=None) for one in splits])
            for name, embedder in embedders.items():
                show(title, drawn, f"words and {name}", [ours(*one, embedder=embedder) for one in splits])
            peers = [peer(*one) for one in splits]
            show(title, drawn, "scikit-learn", [one for one in peers if one is not None])


def split(examples: Sequence[Example], seed: int, *, evenly: bool) -> tuple[list[Example], list[Example]]:
    """Lines to train on, and others to judge by."""
    shuffled = random.Random(seed).sample(list(examples), len(examples))
    drawn = evenly_drawn(shuffled) if evenly else shuffled[:TRAINED]
    taken = set(map(id, drawn))
    return drawn, [one for one in shuffled if id(one) not in taken][:JUDGED]


def evenly_drawn(shuffled: Sequence[Example]) -> list[Example]:
    """As many of each label as there is room for; some of them have one more."""
    by_label: dict[str, list[Example]] = {}
    for one in shuffled:
        by_label.setdefault(one.label, []).append(one)
    longest = max(map(len, by_label.values()))
    rounds = [one[place] for place in range(longest) for one in by_label.values() if place < len(one)]
    return rounds[:TRAINED]


def ours(drawn: Sequence[Example], others: Sequence[Example], *, embedder: Embedded | None) -> Judged:
    """Ours, from training to the file's classifier; the time is without the embedder's."""
    naming = Naming(labels=tuple(sorted({one.label for one in drawn})))
    trained = train(drawn, naming, today=date(2026, 1, 1), embedder=embedder).classifier
    classifier = LinearClassifier(trained)
    texts = [one.text for one in others]
    vectors: Sequence[Any] = [None] * len(texts) if embedder is None else embedder.embed(texts)
    told = [classifier.judge(text, vector) or ("", 0.0) for text, vector in zip(texts, vectors, strict=True)]
    judge_us = least_us(lambda: [classifier.judge(text, vector) for text, vector in zip(texts, vectors, strict=True)])
    return judged([label for label, _ in told], [score for _, score in told], others, judge_us / len(texts))


def peer(drawn: Sequence[Example], others: Sequence[Example]) -> Judged | None:
    """scikit-learn's, if it is installed."""
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
    except ImportError:
        return None
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1_000))
    model.fit([one.text for one in drawn], [one.label for one in drawn])
    texts = [one.text for one in others]
    shares = model.predict_proba(texts)
    few = texts[:200]
    judge_us = least_us(lambda: [model.predict_proba([text]) for text in few])
    return judged(model.classes_[shares.argmax(1)].tolist(), shares.max(1).tolist(), others, judge_us / len(few))


def judged(labels: Sequence[str], scores: Sequence[float], others: Sequence[Example], judge_us: float) -> Judged:
    """How often the labels are right, and how far the scores are off."""
    right = np.array([label == one.label for label, one in zip(labels, others, strict=True)], float)
    return Judged(float(right.mean()), calibration_error(reliability_of(np.array(scores), right)), judge_us)


def least_us(work: Callable[[], object]) -> float:
    """The time that work takes where nothing else gets in its way: the least of five, of this thread alone."""
    times = []
    for _ in range(5):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times) * 1e6


def show(title: str, drawn: str, reads: str, results: Sequence[Judged]) -> None:
    """Prints a row."""
    if not results:
        return
    accuracies = [100 * one.accuracy for one in results]
    errors = [one.calibration_error for one in results]
    accuracy = f"{np.mean(accuracies):.1f} % ({min(accuracies):.1f} to {max(accuracies):.1f})"
    error = f"{np.mean(errors):.3f} ({max(errors):.3f})"
    print(
        f"| {title} | {drawn} | {reads} | {accuracy} | {error} | {min(one.judge_us for one in results):.0f} |",
        flush=True,
    )


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The values of a file of JSON Lines."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


if __name__ == "__main__":
    main()
