"""What a classifier would be worth as a router between two models, beside what needs no training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy_engine.replay.curve import Curve, Point, curve_of

if TYPE_CHECKING:
    from policy_engine.advisor.training.examples import Example


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """
    Quality against calls of the dear model, for several ways to choose whom to call.

    Attributes:
        weak, strong: the models that are cheapest and dearest on the average.
        examples: how many say what both did.
        curves: by what it is that chooses.
    """

    weak: str
    strong: str
    examples: int
    curves: Mapping[str, Curve]


CLASSIFIER = "this classifier"
LENGTH = "prompt length"
TABLE = "table by task"


def routing_of(examples: Sequence[Example], needs: Sequence[float], folds: Sequence[int]) -> Routing | None:
    """
    The curves of a classifier, of the length of the prompt, and of a static table by task.

    The table says for each task how much better the strong model was, on texts of other parts than the one judged.

    Args:
        needs: how likely the classifier says a text needs more than the weak model, without having seen it.
        folds: in which part each text was left out.

    Returns:
        None if not at least two models have scores and costs.
    """
    models = _ends(examples)
    if models is None:
        return None
    weak, strong = models
    places = [place for place, one in enumerate(examples) if weak in one.scores and strong in one.scores]
    told = [examples[place] for place in places]
    chosen = {CLASSIFIER: [needs[place] for place in places], LENGTH: [float(len(one.text)) for one in told]}
    if any(one.task for one in told):
        chosen[TABLE] = _by_task(told, [folds[place] for place in places], weak=weak, strong=strong)
    curves = {name: _curve(told, ranks, weak=weak, strong=strong) for name, ranks in chosen.items()}
    return Routing(weak=weak, strong=strong, examples=len(told), curves=curves)


def weakest_of(examples: Sequence[Example]) -> str | None:
    """The model that is cheapest on the average; None if not two can be compared."""
    models = _ends(examples)
    return None if models is None else models[0]


def _ends(examples: Sequence[Example]) -> tuple[str, str] | None:
    sums: dict[str, list[float]] = {}
    for example in examples:
        for model, cost_usd in example.costs_usd.items():
            if model in example.scores:
                sums.setdefault(model, []).append(cost_usd)
    ranked = sorted(sums, key=lambda model: (sum(sums[model]) / len(sums[model]), model))
    return (ranked[0], ranked[-1]) if len(ranked) > 1 else None


def _curve(told: Sequence[Example], ranks: Sequence[float], *, weak: str, strong: str) -> Curve:
    """The strong model for those that rank highest, ever more of them; equals go together."""
    scores = [(example.scores[weak], example.scores[strong]) for example in told]
    low = sum(score for score, _ in scores) / len(scores)
    high = sum(score for _, score in scores) / len(scores)
    settings = _settings(sorted(zip(ranks, scores, strict=True), key=lambda one: -one[0]), low)
    ends = (Point(calls=0.0, score=low), Point(calls=1.0, score=high))
    return curve_of(weak, strong, ends=ends, settings=settings)


def _settings(ranked: Sequence[tuple[float, tuple[float, float]]], low: float) -> Iterator[Point]:
    total, score = len(ranked), low
    for count, (rank, (weak, strong)) in enumerate(ranked, 1):
        score += (strong - weak) / total
        if count < total and ranked[count][0] != rank:
            yield Point(calls=count / total, score=score)


def _by_task(told: Sequence[Example], folds: Sequence[int], *, weak: str, strong: str) -> list[float]:
    def gap(keep: Callable[[int], bool]) -> float:
        gaps = [one.scores[strong] - one.scores[weak] for place, one in enumerate(told) if keep(place)]
        return sum(gaps) / len(gaps) if gaps else 0.0

    table = {
        (fold, task): gap(lambda place, fold=fold, task=task: folds[place] != fold and told[place].task == task)  # type: ignore[misc]  # mypy does not infer a lambda with defaults
        for fold in set(folds)
        for task in {one.task for one in told}
    }
    return [table[fold, example.task] for fold, example in zip(folds, told, strict=True)]
