"""A plot of points and lines as inline SVG, made without the help of other programs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 560, 370
_LEFT, _RIGHT, _TOP, _BOTTOM = 68, 16, 16, 52
_TICKS = 6
_RADIUS = 5.5

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d", "#8c564b")
"""Distinct to eyes of every kind (after Okabe and Ito)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    Points of one thing.

    Attributes:
        points: (x, y, what to say about it).
        colour: of CSS.
        joined: whether lines lead from point to point; `dashed` ones for what is no policy.
        mark: `dot`, `square`, `diamond`, or `none`.
    """

    name: str
    points: tuple[tuple[float, float, str], ...]
    colour: str
    joined: bool = False
    dashed: bool = False
    mark: str = "dot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis: its title, how its numbers are written, and its ends."""

    title: str
    write: Callable[[float], str]
    low: float
    high: float

    def ticks(self) -> list[float]:
        """Round numbers along the axis."""
        step = _round_step((self.high - self.low) / _TICKS)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def axis_for(title: str, write: Callable[[float], str], values: Sequence[float], *, from_zero: bool = False) -> Axis:
    """An axis that has room for all values and a little more."""
    low, high = (0.0 if from_zero else min(values)), max(values)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return Axis(title=title, write=write, low=low if from_zero else low - room, high=high + room)


def render_plot(series: Sequence[Series], x: Axis, y: Axis, *, title: str) -> str:
    """The plot; `title` is read to those who cannot see it."""
    body = [*_grid(x, y), *(part for one in series for part in _drawn(one, x, y))]
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        + "".join(body)
        + "</svg>"
    )


def render_legend(series: Sequence[Series]) -> str:
    """Which colour and mark is what, beside the plot."""
    return '<ul class="legend">' + "".join(f"<li>{_sample(one)}{escape(one.name)}</li>" for one in series) + "</ul>"


def _sample(one: Series) -> str:
    dash = ' stroke-dasharray="4 3"' if one.dashed else ""
    line = f'<path d="M1 8H23" stroke="{one.colour}" stroke-width="2"{dash}/>' if one.joined else ""
    return f'<svg width="24" height="16" aria-hidden="true">{line}{_mark(one, 12, 8, "")}</svg>'


def _grid(x: Axis, y: Axis) -> Iterator[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    for value in x.ticks():
        at = _x(value, x)
        yield f'<path class="grid" d="M{at:.1f} {_TOP}V{bottom}"/>'
        yield f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{escape(x.write(value))}</text>'
    for value in y.ticks():
        at = _y(value, y)
        yield f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>'
        yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{escape(y.write(value))}</text>'
    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
    middle = (_LEFT + right) / 2
    yield f'<text class="title" x="{middle:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x.title)}</text>'
    up = (_TOP + bottom) / 2
    turned = f'transform="rotate(-90 14 {up:.0f})"'
    yield f'<text class="title" x="14" y="{up:.0f}" text-anchor="middle" {turned}>{escape(y.title)}</text>'


def _drawn(one: Series, x: Axis, y: Axis) -> Iterator[str]:
    if one.joined:
        dash = ' stroke-dasharray="6 4"' if one.dashed else ""
        for (x1, y1, _), (x2, y2, _) in pairwise(one.points):
            yield (
                f'<path d="M{_x(x1, x):.1f} {_y(y1, y):.1f}L{_x(x2, x):.1f} {_y(y2, y):.1f}" fill="none" '
                f'stroke="{one.colour}" stroke-width="2"{dash}/>'
            )
    for left, up, said in one.points:
        yield _mark(one, _x(left, x), _y(up, y), said)


def _mark(one: Series, x: float, y: float, said: str) -> str:
    """A mark with what it says when pointed at."""
    told = f"<title>{escape(said)}</title>" if said else ""
    look = f'fill="{one.colour}" class="mark"'
    r = _RADIUS
    if one.mark == "dot":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" {look}>{told}</circle>'
    if one.mark == "square":
        return f'<rect x="{x - r:.1f}" y="{y - r:.1f}" width="{2 * r}" height="{2 * r}" {look}>{told}</rect>'
    if one.mark == "diamond":
        tip = 1.3 * r
        way = f"M{x:.1f} {y - tip:.1f}l{tip:.1f} {tip:.1f}l-{tip:.1f} {tip:.1f}l-{tip:.1f} -{tip:.1f}z"
        return f'<path d="{way}" {look}>{told}</path>'
    return ""


def _x(value: float, axis: Axis) -> float:
    return _LEFT + (value - axis.low) / (axis.high - axis.low) * (_WIDTH - _LEFT - _RIGHT)


def _y(value: float, axis: Axis) -> float:
    return _HEIGHT - _BOTTOM - (value - axis.low) / (axis.high - axis.low) * (_HEIGHT - _TOP - _BOTTOM)


def _round_step(step: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power: float = 10 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)
