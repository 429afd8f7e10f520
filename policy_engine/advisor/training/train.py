"""From examples to a classifier and what is to be said about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from policy_engine.advisor.training.examples import Example, Naming, digest_of, without_repeats
from policy_engine.advisor.training.fit import Embedded, fit, spoken
from policy_engine.advisor.training.judged import Judgement, judged, shares_left_out
from policy_engine.advisor.training.routing import Routing, routing_of, weakest_of
from policy_engine.model.classifier import TrainedClassifier

if TYPE_CHECKING:
    from policy_engine.advisor.training.left_out import LeftOut
    from policy_engine.advisor.training.logistic import Targets
    from policy_engine.signals.embedders.protocol import Embedder

MIN_EXAMPLES: Final = 20
"""Fewer than so many teach nothing that could be measured."""

MAX_EXAMPLES: Final = 3_000
"""Of more examples so many are used, picked by the hash of their texts."""

FEW: Final = 5
"""Labels with fewer examples are told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """
    A trained classifier.

    Attributes:
        classifier: to be written to a file.
        judgement: how good it is.
        routing: what it is worth between two models; None where outcomes are not known.
        left: how many examples there were beyond those used.
        scarce: labels with hardly any examples, and how many each has.
    """

    classifier: TrainedClassifier
    judgement: Judgement
    routing: Routing | None
    left: int
    scarce: dict[str, int]


class TooLittle(ValueError):
    """There are too few examples, or they all have one label."""


def train(examples: Sequence[Example], naming: Naming, *, today: date, embedder: Embedder | None = None) -> Training:
    """
    A classifier of labels.

    The same examples give the same classifier. Takes seconds for some hundred examples, a minute or two for thousands.

    Args:
        examples: in any order; repeated ones count once.
        today: the date that is written into the file.
        embedder: whose vectors it is to read besides words.

    Raises:
        TooLittle: there is nothing to learn from.
        EmbedderError: the embedder fails.
    """
    everything = sorted(without_repeats(examples), key=lambda one: (sha256(_bytes(one.text)).digest(), one.label))
    used = everything[:MAX_EXAMPLES]
    counts = Counter(example.label for example in used)
    if len(used) < MIN_EXAMPLES:
        raise TooLittle(f"{len(used)} different examples are too few; at least {MIN_EXAMPLES} are needed")
    if len(counts) < 2:
        raise TooLittle(f"all examples have the label `{used[0].label}`; there is nothing to tell apart")
    labels = naming.labels
    targets = np.array([labels.index(example.label) for example in used])
    texts = [example.text for example in used]
    fitted = fit(texts, targets, labels, embedded=None if embedder is None else _embedded(embedder, texts, labels))
    judgement = judged(fitted.left_out, targets, labels)
    routing = _routing(used, fitted.left_out, targets, naming)
    return Training(
        classifier=replace(
            fitted.classifier,
            metrics={**judgement.to_json(), **_measures(routing)},
            date=today.isoformat(),
            trained_on=digest_of(used),
        ),
        judgement=judgement,
        routing=routing,
        left=len(everything) - len(used),
        scarce={label: counts[label] for label in labels if counts[label] < FEW},
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _embedded(embedder: Embedder, texts: Sequence[str], labels: Sequence[str]) -> Embedded:
    names = [spoken(label) for label in labels]
    return Embedded(identity=embedder.identity, texts=embedder.embed(texts), names=embedder.embed(names))


def _routing(used: Sequence[Example], left_out: LeftOut, targets: Targets, naming: Naming) -> Routing | None:
    weak = weakest_of(used)
    label = None if weak is None else naming.of_model(weak)
    if label is None:
        return None
    needs = 1.0 - shares_left_out(left_out, targets)[:, naming.labels.index(label)]
    return routing_of(used, needs.tolist(), left_out.folds.tolist())


def _measures(routing: Routing | None) -> dict[str, Any]:
    """What a file says of the curves."""
    if routing is None:
        return {}
    measures = {
        name: {"apgr": _short(curve.apgr), "cpt": {f"{goal:.0%}": _short(calls) for goal, calls in curve.cpt}}
        for name, curve in routing.curves.items()
    }
    return {"routing": {"weak": routing.weak, "strong": routing.strong, "examples": routing.examples, **measures}}


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
