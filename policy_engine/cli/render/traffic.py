"""Where many requests went, as a page for people and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from policy_engine.cli.render.decisions import DEFAULT
from policy_engine.cli.render.money import decimals_for_sum, dollars
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.cli.render.text import counted
from policy_engine.replay.traffic import Choice, Load, Traffic

_MOST = 5
_NO_MODEL = "(no model)"
_KEYS: Mapping[str, Callable[[Choice], str | None]] = {
    "effect": lambda choice: choice.effect,
    "rule": lambda choice: choice.rule,
    "tier": lambda choice: choice.tier,
    "model": lambda choice: choice.model,
}
_LABELS: Mapping[str, Callable[[Choice], str]] = {
    "rule": lambda choice: DEFAULT if choice.rule is None else choice.rule,
    "tier": lambda choice: choice.tier or (_NO_MODEL if choice.model is None else "(no tier)"),
    "model": lambda choice: choice.model or _NO_MODEL,
}


def render_traffic(
    traffic: Traffic, *, idle: Sequence[str] = (), style: Style = PLAIN, width: int | None = None
) -> str:
    """
    The page: tables by rule, tier and model, then costs against `default`, then what was odd.

    Args:
        idle: rules that could have decided but did not decide one request.
    """
    total = traffic.total()
    if not total.requests:
        return "no requests"
    parts = [_table(title, traffic, total, style=style, width=width) for title in _LABELS]
    said = _closing(traffic, total, idle)
    lines = [f"{style.paint(name.ljust(12), Ink.DIM)}{text}" for name, text in said if text]
    return "\n\n".join([*parts, "\n".join(lines)])


def traffic_line(traffic: Traffic) -> str:
    """The same in one line."""
    total = traffic.total()
    costs = f"; estimated {_costs(total)}" if total.is_priced else ""
    return f"{counted(total.requests, 'request')}: {_effects(traffic)}{costs}" if total.requests else "no requests"


def traffic_json(traffic: Traffic, *, idle: Sequence[str] = ()) -> dict[str, Any]:
    """The same as data; money in USD; what has no name there (`default`, no model) is null."""
    return {
        **_load_json(traffic.total()),
        **{
            f"by_{title}": [{title: name, **_load_json(load)} for name, load in traffic.by(key)]
            for title, key in _KEYS.items()
        },
        "idle_rules": list(idle),
        "unknown": dict(traffic.unknown.most_common()),
        "errors": dict(traffic.errors.most_common()),
        "skipped": [
            {"model": model, "reason": reason, "requests": count}
            for (model, reason), count in traffic.skipped.most_common()
        ],
    }


def _load_json(load: Load) -> dict[str, Any]:
    return {
        "requests": load.requests,
        "cost_usd": float(load.usd) if load.is_priced else None,
        "default_cost_usd": float(load.default_usd) if load.is_priced else None,
        "unpriced": load.unpriced,
    }


def _table(title: str, traffic: Traffic, total: Load, *, style: Style, width: int | None) -> str:
    columns = (
        Column(title=f"by {title}", elastic=True),
        Column(title="requests", right=True),
        Column(title="share", right=True),
        Column(title="est. cost", right=True),
        Column(title="by default", right=True),
    )
    loads = traffic.by(_LABELS[title])
    costs = [(load.usd, load.default_usd) if load.is_priced else (None, None) for _, load in loads]
    decimals = decimals_for_sum(cost for pair in costs for cost in pair)
    rows = [
        (
            name,
            f"{load.requests:,}",
            f"{load.requests / total.requests:.1%}",
            dollars(own, decimals),
            dollars(by_default, decimals),
        )
        for (name, load), (own, by_default) in zip(loads, costs, strict=True)
    ]
    return render_table(columns, rows, style=style, width=width)


def _closing(traffic: Traffic, total: Load, idle: Sequence[str]) -> Iterator[tuple[str, str]]:
    yield "requests", f"{total.requests:,}: {_effects(traffic)}"
    if total.is_priced:
        yield "estimated", _costs(total)
    if total.unpriced:
        yield "not priced", f"{counted(total.unpriced, 'request')}, since a price is unknown"
    yield "idle", _listed(idle)
    yield "unknown", _counts(traffic.unknown)
    yield "invalid", _counts(traffic.errors)
    yield "skipped", _counts(Counter({f"{model} ({why})": n for (model, why), n in traffic.skipped.items()}))


def _effects(traffic: Traffic) -> str:
    return ", ".join(f"{effect} {load.requests:,}" for effect, load in traffic.by(_KEYS["effect"]))


def _costs(total: Load) -> str:
    decimals = decimals_for_sum([total.usd, total.default_usd])
    compared = f"{dollars(total.default_usd, decimals)} if `default` decided them all"
    return f"{dollars(total.usd, decimals)} for the first calls; {compared}{_saving(total)}"


def _saving(total: Load) -> str:
    if not total.default_usd or total.usd == total.default_usd:
        return ""
    share = 1 - total.usd / total.default_usd
    return f": {share:.1%} saved" if share > 0 else f": {-share:.1%} more is spent"


def _counts(counts: Counter[str]) -> str:
    most = [f"{name} {count:,}" for name, count in counts.most_common(_MOST)]
    return ", ".join(most) + _more(len(counts) - len(most))


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    if not names:
        return ""
    return f"{counted(len(names), 'rule')} decided nothing: {', '.join(names[:_MOST])}{_more(len(names) - _MOST)}"


def _more(number: int) -> str:
    return f" and {number:,} more" if number > 0 else ""
