"""What came of training a classifier, as tables for people and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_engine.advisor.training.judged import Judgement
from policy_engine.advisor.training.routing import Routing
from policy_engine.advisor.training.train import Training
from policy_engine.cli.render.style import PLAIN, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.cli.render.text import counted

_AT_RANDOM = (0.5, 0.5, 0.8)
_GOALS = (0.5, 0.8)
_LABELS = (
    Column(title="label", elastic=True),
    Column(title="examples", right=True),
    Column(title="precision", right=True),
    Column(title="recall", right=True),
)


def training_json(training: Training, *, path: str) -> dict[str, Any]:
    """What the classifier's file says of itself, and where it is."""
    classifier = training.classifier
    return {
        "file": path,
        "labels": classifier.labels,
        "embedder": classifier.embedder,
        "date": classifier.date,
        "trained_on": classifier.trained_on,
        "left_out": training.left,
        "scarce": training.scarce,
        **classifier.metrics,
    }


def render_training(training: Training, *, path: str, size_bytes: int, style: Style = PLAIN) -> str:
    """How good the classifier is, label by label, what it is worth as a router, and where it was written."""
    parts = [
        "\n".join(_summary(training)),
        render_table(_LABELS, list(_rows(training.judgement)), style=style),
    ]
    if training.routing is not None:
        parts.append(_routes(training.routing, style))
    notes = list(_notes(training))
    if notes:
        parts.append("\n".join(notes))
    parts.append(f"written to {path} ({size_bytes / 1e6:.1f} MB)")
    return "\n\n".join(parts)


def _summary(training: Training) -> Iterator[str]:
    judgement = training.judgement
    accuracy = f"{_percent(judgement.accuracy)} ± {judgement.accuracy_margin * 100:.1f}"
    yield f"examples     {judgement.examples:,}, each judged by a classifier that had not seen it"
    yield f"accuracy     {accuracy}; always the commonest label: {_percent(judgement.majority)}"
    yield f"calibration  scores are off by {judgement.calibration_error:.3f} on the average"


def _rows(judgement: Judgement) -> Iterator[list[str]]:
    for label in judgement.labels:
        yield [label.label, f"{label.examples:,}", _percent(label.precision), _percent(label.recall)]


def _routes(routing: Routing, style: Style) -> str:
    columns = (
        Column(title=f"{routing.weak} or {routing.strong}, by", elastic=True),
        Column(title="APGR", right=True),
        *(Column(title=f"CPT {goal:.0%}", right=True) for goal in _GOALS),
    )
    rows = [
        [name, _number(curve.apgr), *(_percent(calls) for goal, calls in curve.cpt if goal in _GOALS)]
        for name, curve in routing.curves.items()
    ]
    rows.append(["chance", _number(_AT_RANDOM[0]), *map(_percent, _AT_RANDOM[1:])])
    requests = counted(routing.examples, "request")
    about = [
        f"on {requests}. APGR: the share of the gap between the models that is recovered, on the average over all",
        f"shares of calls of `{routing.strong}`; CPT: the share of calls that recovers so much of the gap",
    ]
    return "\n".join([render_table(columns, rows, style=style), *about])


def _notes(training: Training) -> Iterator[str]:
    if training.scarce:
        named = ", ".join(f"`{label}` ({count})" for label, count in list(training.scarce.items())[:12])
        more = f" and {len(training.scarce) - 12} more" if len(training.scarce) > 12 else ""
        yield f"few examples: {named}{more}; what is said of these labels is worth little"
    if training.left:
        yield f"left out: {counted(training.left, 'example')} beyond those that are used at most"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share * 100:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
