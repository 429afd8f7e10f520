"""A study of policies on known outcomes as one HTML page that needs nothing else: tables, and plots as inline SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from policy_engine.cli.render.decisions import DEFAULT
from policy_engine.cli.render.plot import COLOURS, Axis, Series, axis_for, render_legend, render_plot
from policy_engine.cli.render.replays import curve_text, score_text, share_text, usd_texts, worth_rows
from policy_engine.cli.render.text import counted
from policy_engine.replay.baselines import Baseline
from policy_engine.replay.curve import Curve, recovered
from policy_engine.replay.study import Finding, Line

_GREY = "#8a8f98"
_DARK = "#4b5563"
_STYLE = """
:root{color-scheme:light dark;--ink:#1f2430;--dim:#5f6775;--edge:#d9dde3;--page:#f6f7f9;--card:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ec;--dim:#a0a7b4;--edge:#3a404b;--page:#15181d;--card:#1d2127}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;margin:0}
h2{font-size:18px;margin:0 0 4px}
p{margin:4px 0 12px;color:var(--dim)}
section{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:20px 22px;margin-top:20px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:20px}
.pair section{margin-top:20px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:600;text-align:right;color:var(--dim);
font-size:13px;padding:6px 10px;border-bottom:1px solid var(--edge)}
td{text-align:right;padding:7px 10px;border-bottom:1px solid var(--edge);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0}
tr:last-child td{border-bottom:0}
tr.policy td:first-child{font-weight:600}
tr.baseline td{color:var(--dim)}
.chip{display:inline-block;width:10px;height:10px;border-radius:50%;margin-right:8px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 18px;margin:8px 0 0}
dt{color:var(--dim)}
dd{margin:0;overflow-wrap:anywhere}
.plot{width:100%;height:auto;display:block}
.plot text{font-size:12px;fill:var(--dim)}
.plot .title{fill:var(--ink);font-size:13px}
.grid{stroke:var(--edge);fill:none}
.axis{stroke:var(--dim);fill:none}
.mark{stroke:var(--card);stroke-width:1.5}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:10px 0 0;padding:0;font-size:13px}
.legend li{display:flex;align-items:center;gap:6px}
footer{margin-top:24px;color:var(--dim);font-size:13px}
""".strip()


def render_page(finding: Finding, *, files: Sequence[str]) -> str:
    """
    The page.

    Args:
        files: the names of the files that were replayed, to be told.
    """
    names = ", ".join(line.name for line in finding.lines)
    heading = f"{counted(finding.requests, 'request')} from {', '.join(files)}"
    body = [
        f"<header><h1>Replay of {escape(names)}</h1><p>{escape(heading)}</p></header>",
        _table(finding),
        '<div class="pair">',
        *_plots(finding),
        "</div>",
        *(_details(line) for line in finding.lines),
        f"<footer>{_FOOTER}</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Replay of {escape(names)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


_FOOTER = (
    "APGR is the area under the share of the quality gap that is recovered, over the share of requests that call the "
    "strong model; a random mix of the two models has 0.5. CPT(x) is the smallest share of such requests that recovers "
    "x of the gap. Both after RouteLLM (arXiv:2406.18665). Between two settings lies what a random mix of both gives. "
    "The oracle knows afterwards which model was best, and takes the cheapest of those."
)


def _table(finding: Finding) -> str:
    titles = ("", "score", "cost", "per request", "escalated", "APGR", *_goals(finding), "unknown")
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    worths = worth_rows(finding)
    rows = [_policy_row(worths[place], line, place, finding) for place, line in enumerate(finding.lines)]
    rows += [
        _baseline_row(worth, baseline, finding)
        for worth, baseline in zip(worths[len(finding.lines) :], finding.baselines, strict=True)
    ]
    return f'<section class="wide"><table><tr>{head}</tr>{"".join(rows)}</table></section>'


def _goals(finding: Finding) -> list[str]:
    curve = next((line.curve for line in finding.lines if line.curve is not None), None)
    return [] if curve is None else [f"CPT({goal:.0%})" for goal, _ in curve.cpt]


def _policy_row(worth: Sequence[str], line: Line, place: int, finding: Finding) -> str:
    name, *cells = worth
    tally, curve = line.tally, line.curve
    cells.append(share_text(tally.escalated / finding.requests))
    cells.append("" if curve is None or curve.apgr is None else f"{curve.apgr:.3f}")
    cells += ["" for _ in _goals(finding)] if curve is None else [share_text(calls) for _, calls in curve.cpt]
    chip = f'<span class="chip" style="background:{_colour(place)}"></span>'
    return f'<tr class="policy"><td>{chip}{escape(name)}</td>{_cells([*cells, f"{tally.unknown:,}"])}</tr>'


def _baseline_row(worth: Sequence[str], baseline: Baseline, finding: Finding) -> str:
    name, *cells = worth
    cells += ["", "", *("" for _ in _goals(finding)), f"{baseline.unknown:,}"]
    return f'<tr class="baseline"><td>{escape(name)}</td>{_cells(cells)}</tr>'


def _cells(cells: Sequence[str]) -> str:
    return "".join(f"<td>{escape(cell)}</td>" for cell in cells)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _plots(finding: Finding) -> Iterator[str]:
    costs = list(_cost_series(finding))
    points = [point for one in costs for point in one.points]
    if len(points) > 1:
        x = axis_for("cost of all requests", _short_usd, [point[0] for point in points], from_zero=True)
        y = axis_for("mean score", lambda value: f"{value:.2f}", [point[1] for point in points])
        yield _plot("Quality against cost", "Up and to the left is better.", costs, x, y)
    gaps = list(_gap_series(finding))
    if gaps:
        recovered_shares = [point[1] for one in gaps for point in one.points]
        x = Axis(title="requests that call the strong model", write=lambda value: f"{value:.0%}", low=0.0, high=1.0)
        y = axis_for("share of the gap recovered", lambda value: f"{value:.0%}", recovered_shares)
        said = "Above the dashed line a policy chooses better than chance."
        yield _plot("Gap recovered against strong calls", said, gaps, x, y)


def _plot(title: str, said: str, series: Sequence[Series], x: Axis, y: Axis) -> str:
    drawn = render_plot(series, x, y, title=title) + render_legend(series)
    return f"<section><h2>{escape(title)}</h2><p>{escape(said)}</p>{drawn}</section>"


def _cost_series(finding: Finding) -> Iterator[Series]:
    by_name = {baseline.name: baseline for baseline in finding.baselines}
    ends = [by_name.get("cheapest"), by_name.get("dearest")]
    mix = tuple(point for end in ends if end is not None for point in _points(end))
    if len(mix) == 2:
        yield Series(name="random mix", points=mix, colour=_GREY, joined=True, dashed=True, mark="none")
    for line, place in zip(finding.lines, range(len(finding.lines)), strict=True):
        yield from _policy_costs(line, _colour(place))
    singles = tuple(point for single in finding.singles for point in _points(single))
    if singles:
        yield Series(name="single models", points=singles, colour=_DARK, mark="square")
    for name, mark in (("oracle", "diamond"),):
        yield Series(name=name, points=_points(by_name[name]), colour=_DARK, mark=mark)


def _policy_costs(line: Line, colour: str) -> Iterator[Series]:
    settings = _settings(line.curve)
    if len(settings) > 1:
        curve = tuple((cost, score, f"{line.name} at {said}") for _, score, cost, said in settings if cost is not None)
        yield Series(name=f"{line.name}, swept", points=tuple(sorted(curve)), colour=colour, joined=True, mark="none")
    score, cost = line.tally.worth.score.mean(), line.tally.worth.cost_usd.whole()
    if score is not None and cost is not None:
        said = f"{line.name}: {score_text(score)} for {_usd(cost)}"
        yield Series(name=line.name, points=((cost, score, said),), colour=colour)


def _settings(curve: Curve | None) -> list[tuple[float, float, float | None, str]]:
    if curve is None:
        return []
    ends = (curve.weak, curve.strong)
    inner = [point for point in curve.points if point.label not in ends]
    return [(point.calls, point.score, point.cost_usd, point.label or "as written") for point in inner]


def _points(baseline: Baseline) -> tuple[tuple[float, float, str], ...]:
    if baseline.score is None or baseline.cost_usd is None:
        return ()
    said = f"{baseline.model or baseline.name}: {score_text(baseline.score)} for {_usd(baseline.cost_usd)}"
    return ((baseline.cost_usd, baseline.score, said),)


def _gap_series(finding: Finding) -> Iterator[Series]:
    curves = [(place, line, line.curve) for place, line in enumerate(finding.lines) if line.curve is not None]
    if not curves or all(curve.apgr is None for _, _, curve in curves):
        return
    mix = ((0.0, 0.0, "weak model alone"), (1.0, 1.0, "strong model alone"))
    yield Series(name="random mix", points=mix, colour=_GREY, joined=True, dashed=True, mark="none")
    for place, line, curve in curves:
        weak, strong = curve.points[0].score, curve.points[-1].score
        points = [
            (point.calls, gap, f"{line.name} {point.label}: {share_text(point.calls)} of calls, {gap:.1%} recovered")
            for point in curve.points
            if (gap := recovered(point.score, weak, strong)) is not None
        ]
        few = len(points) <= 12
        mark = "dot" if few else "none"
        yield Series(name=line.name, points=tuple(points), colour=_colour(place), joined=True, mark=mark)


def _details(line: Line) -> str:
    tally = line.tally
    said = {
        "curve": "" if line.curve is None else curve_text(line.curve),
        "calls": _counts(tally.calls),
        "decided by": _counts(Counter({rule or DEFAULT: n for rule, n in tally.rules.items()})),
        "ended": _counts(tally.statuses),
        "limits that spoke": _counts(tally.limits),
        "cache hits": f"{tally.cached:,}" if tally.cached else "",
        "unknown": _counts(tally.missing),
    }
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in said.items() if text)
    return f"<section><h2>{escape(line.name)}</h2><dl>{items}</dl></section>"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common(12))


def _usd(amount: float) -> str:
    return usd_texts([amount])[0]


def _short_usd(value: float) -> str:
    return f"${value:,.0f}" if value == int(value) and abs(value) >= 1 else f"${value:g}"
