"""What would have been without a policy: one model always, one at random, the best mix that hindsight finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy_engine.replay.tally import Models, Worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """
    A way to answer every request.

    Attributes:
        name: `best_single`, `cheapest`, `dearest`, `random`, `oracle`, or `chosen` for one that was asked for.
        model: the model, where it is one.
        score: the mean of the scores that are known; None if none is.
        cost_usd: in all; None if a cost is unknown.
        unknown: requests of which there is no score.
    """

    name: str
    model: str | None
    score: float | None
    cost_usd: float | None
    unknown: int


def baselines_of(models: Models, *, chosen: str | None = None) -> tuple[Baseline, ...]:
    """
    The baselines, in the order of their names above.

    `cheapest` and `dearest` go by the mean cost of a request, `best_single` by the mean score; between equals the one
    that is better in the other respect counts. Models of which some outcomes are not recorded count, with what there
    is, only if there are no others: few easy requests would make a model look good.

    Raises:
        KeyError: there is no outcome of the chosen model.
    """
    singles = _whole(models)
    priced = [name for name in singles if singles[name].cost_usd.known]
    scored = [name for name in singles if singles[name].score.known]
    found = []
    if scored:
        best = max(scored, key=lambda name: (_score(singles[name]), -_cost(singles[name])))
        found.append(_single("best_single", best, models))
    if priced:
        cheapest = min(priced, key=lambda name: (_cost(singles[name]), -_score(singles[name])))
        dearest = max(priced, key=lambda name: (_cost(singles[name]), _score(singles[name])))
        found += [_single("cheapest", cheapest, models), _single("dearest", dearest, models)]
    found += [_mixed("random", models.random), _mixed("oracle", models.oracle)]
    if chosen is not None:
        found.append(_single("chosen", chosen, models))
    return tuple(found)


def singles_of(models: Models) -> Iterator[Baseline]:
    """Every model, called for every request."""
    return (_single(model, model, models) for model in models.by_name)


def _whole(models: Models) -> dict[str, Worth]:
    found = {name: worth for name, worth in models.by_name.items() if not models.missing(name)}
    return found or models.by_name


def _single(name: str, model: str, models: Models) -> Baseline:
    worth = models.by_name[model]
    is_whole = worth.cost_usd.known == models.requests
    cost_usd = worth.cost_usd.whole() if is_whole else None
    return Baseline(name=name, model=model, score=worth.score.mean(), cost_usd=cost_usd, unknown=models.missing(model))


def _mixed(name: str, worth: Worth) -> Baseline:
    return Baseline(
        name=name, model=None, score=worth.score.mean(), cost_usd=worth.cost_usd.whole(), unknown=worth.score.unknown
    )


def _score(worth: Worth) -> float:
    mean = worth.score.mean()
    return float("-inf") if mean is None else mean


def _cost(worth: Worth) -> float:
    mean = worth.cost_usd.mean()
    return float("inf") if mean is None else mean
