"""A study of policies on known outcomes, as tables for people and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from policy_engine.cli.render.decisions import DEFAULT
from policy_engine.cli.render.money import decimals_for, dollars
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.cli.render.text import counted
from policy_engine.replay.baselines import Baseline
from policy_engine.replay.curve import Curve, Point
from policy_engine.replay.study import Finding, Line
from policy_engine.replay.tally import PolicyTally

BASELINES = {
    "best_single": "best single model",
    "cheapest": "cheapest model",
    "dearest": "dearest model",
    "random": "a model at random",
    "oracle": "oracle",
    "chosen": "baseline",
}
_MOST = 6
_UNKNOWN = "?"


def replay_json(finding: Finding) -> dict[str, Any]:
    """The study in the shape of schema replay.v1; further policies are under `others`."""
    first, *others = finding.lines
    written = {
        "requests": finding.requests,
        "policy": _policy_json(first.tally),
        "baselines": {baseline.name: _baseline_json(baseline) for baseline in finding.baselines},
        **_more_json(first),
    }
    if others:
        more = [{"name": line.name, "policy": _policy_json(line.tally), **_more_json(line)} for line in others]
        written |= {"name": first.name, "others": more}
    return written


def _policy_json(tally: PolicyTally) -> dict[str, Any]:
    return {
        "score": tally.worth.score.mean(),
        "cost_usd": tally.worth.cost_usd.whole(),
        "calls": dict(sorted(tally.calls.items())),
        "escalation_rate": tally.escalated / tally.requests if tally.requests else None,
        "unknown": tally.unknown,
        "cache_hits": tally.cached,
    }


def _more_json(line: Line) -> dict[str, Any]:
    tally = line.tally
    return {
        "missing": dict(tally.missing.most_common()),
        "statuses": dict(tally.statuses.most_common()),
        "limits": dict(tally.limits.most_common()),
        "curve": None if line.curve is None else _curve_json(line.curve),
    }


def _curve_json(curve: Curve) -> dict[str, Any]:
    return {
        "weak": curve.weak,
        "strong": curve.strong,
        "apgr": curve.apgr,
        "cpt": {f"{goal:.0%}": calls for goal, calls in curve.cpt},
        "points": [_point_json(point) for point in curve.points],
    }


def _point_json(point: Point) -> dict[str, Any]:
    return {"setting": point.label, "calls": point.calls, "score": point.score, "cost_usd": point.cost_usd}


def _baseline_json(baseline: Baseline) -> dict[str, Any]:
    written: dict[str, Any] = {"score": baseline.score, "cost_usd": baseline.cost_usd}
    return written if baseline.model is None else {"model": baseline.model, **written}


def render_replay(finding: Finding, *, style: Style = PLAIN, width: int | None = None) -> str:
    """A table of policies and baselines, then what else there is to say about each policy."""
    columns = (
        Column(title="", elastic=True),
        Column(title="score", right=True),
        Column(title="cost", right=True),
        Column(title="per request", right=True),
        Column(title="escalated", right=True),
        Column(title="unknown", right=True),
    )
    more = [[share_text(line.tally.escalated / finding.requests), f"{line.tally.unknown:,}"] for line in finding.lines]
    more += [["", f"{baseline.unknown:,}"] for baseline in finding.baselines]
    rows = [[*worth, *others] for worth, others in zip(worth_rows(finding), more, strict=True)]
    parts = [render_table(columns, rows, style=style, width=width)]
    for line in finding.lines:
        said = [f"{style.paint(name.ljust(12), Ink.DIM)}{text}" for name, text in _said(line) if text]
        title = [style.paint(line.name, Ink.BOLD)] if len(finding.lines) > 1 else []
        parts.append("\n".join([*title, *said]))
    return "\n\n".join(parts)


def score_text(score: float | None) -> str:
    """A score with three decimals, `?` if it is unknown."""
    return _UNKNOWN if score is None else f"{score:.3f}"


def usd_texts(amounts: Sequence[float | None]) -> list[str]:
    """Amounts of one column, with as many decimals as its smallest needs; `?` for what is unknown."""
    exact = [None if amount is None else Decimal(repr(amount)) for amount in amounts]
    decimals = decimals_for(exact)
    return [dollars(amount, decimals) for amount in exact]


def share_text(share: float | None) -> str:
    """A share in percent, `?` if it is unknown."""
    return _UNKNOWN if share is None else f"{share:.1%}"


def worth_rows(finding: Finding) -> list[list[str]]:
    """For each policy, then each baseline: name, score, cost, cost per request."""
    told = [(line.name, line.tally.worth.score.mean(), line.tally.worth.cost_usd.whole()) for line in finding.lines]
    told += [(baseline_name(baseline), baseline.score, baseline.cost_usd) for baseline in finding.baselines]
    costs = usd_texts([cost for _, _, cost in told])
    each = usd_texts([None if cost is None else cost / finding.requests for _, _, cost in told])
    return [[name, score_text(score), *costs_] for (name, score, _), *costs_ in zip(told, costs, each, strict=True)]


def baseline_name(baseline: Baseline) -> str:
    """What a baseline is called, with its model."""
    name = BASELINES[baseline.name]
    return name if baseline.model is None else f"{name}: {baseline.model}"


def _said(line: Line) -> Iterator[tuple[str, str]]:
    tally = line.tally
    yield "calls", _counts(tally.calls)
    yield "decided by", _counts(Counter({rule or DEFAULT: n for rule, n in tally.rules.items()}))
    if tally.cached:
        yield "cache", counted(tally.cached, "hit")
    yield "limits", _counts(tally.limits)
    ends = Counter({name: n for name, n in tally.statuses.items() if name in ("failed", "denied", "not_accepted")})
    yield "not accepted", _counts(ends)
    if line.curve is not None:
        yield "curve", curve_text(line.curve)
    yield "unknown", _counts(tally.missing)


def curve_text(curve: Curve) -> str:
    """APGR and CPT in a line."""
    if curve.apgr is None:
        return f"`{curve.weak}` and `{curve.strong}` have the same score: there is no gap to recover"
    goals = ", ".join(f"CPT({goal:.0%}) {share_text(calls)}" for goal, calls in curve.cpt)
    return f"APGR {curve.apgr:.3f}, {goals} of requests to {curve.strong}"


def _counts(counts: Counter[str]) -> str:
    most = [f"{name} {count:,}" for name, count in counts.most_common(_MOST)]
    left = len(counts) - len(most)
    return ", ".join(most) + (f" and {left:,} more" if left > 0 else "")
