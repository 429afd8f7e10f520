"""The evaluation graph as an SVG picture: tests to the left, rules from top to bottom, outcomes to the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from policy_engine.cli.render.cells import cells_of
from policy_engine.cli.render.diagram import labelled
from policy_engine.compiler.view import GraphView, Role, Tie, ViewEdge, ViewNode

_CELL_WIDTH = 6.7
_BOX_HEIGHT = 24
_ROW = 36
_COLUMN_GAP = 90
_PADDING = 10
_MARGIN = 24
_STYLE = """
text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#111827}
rect{fill:#f9fafb;stroke:#9ca3af}
.rule rect,.default rect{fill:#dbeafe;stroke:#1d4ed8}
.outcome rect{fill:#dcfce7;stroke:#15803d}
.all rect,.any rect,.score rect{fill:#fef3c7;stroke:#b45309}
path{fill:none;stroke:#9ca3af}
.next{stroke:#1d4ed8;stroke-dasharray:4 3}
.then{stroke:#15803d;stroke-width:1.5}
.label{font-size:10px;fill:#b91c1c}
""".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where a node is drawn, in pixels; `x` and `y` are its upper left corner."""

    node: ViewNode
    label: str
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        """The height of its middle."""
        return self.y + _BOX_HEIGHT / 2


def render_svg(view: GraphView) -> str:
    """The picture, made without the help of other programs."""
    boxes = layout(view)
    width = max(box.x + box.width for box in boxes.values()) + _MARGIN
    height = max(box.y for box in boxes.values()) + _BOX_HEIGHT + _MARGIN
    body = [*_edges(view.edges, boxes), *map(_box, boxes.values())]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}">',
            f"<title>{escape(f'policies {view.revision}')}</title>",
            f"<style>{_STYLE}</style>",
            '<rect width="100%" height="100%" style="fill:#ffffff;stroke:none"/>',
            *body,
            "</svg>",
        ]
    )


def layout(view: GraphView) -> dict[str, Box]:
    """The boxes by node id: a column per depth, rules in one column, each node beside what it is part of."""
    depths = _depths(view)
    columns: dict[int, list[ViewNode]] = {}
    for node in view.nodes:
        columns.setdefault(depths[node.id], []).append(node)
    heights = _heights(view, columns)
    labels = {node.id: label for node, label in labelled(view)}
    boxes: dict[str, Box] = {}
    x: float = _MARGIN
    for depth in sorted(columns):
        widths = {node.id: cells_of(labels[node.id]) * _CELL_WIDTH + 2 * _PADDING for node in columns[depth]}
        for node in columns[depth]:
            boxes[node.id] = Box(node=node, label=labels[node.id], x=x, y=heights[node.id], width=widths[node.id])
        x += max(widths.values()) + _COLUMN_GAP
    return boxes


def _depths(view: GraphView) -> dict[str, int]:
    """The column of each node: rules stand right of all tests, outcomes right of rules."""
    wholes: dict[str, list[str]] = {}
    for edge in view.edges:
        if edge.tie is Tie.PART:
            wholes.setdefault(edge.source, []).append(edge.target)
    fixed = {node.id: 0 for node in view.nodes if node.role in (Role.RULE, Role.DEFAULT)}
    fixed |= {node.id: 1 for node in view.nodes if node.role is Role.OUTCOME}
    found: dict[str, int] = {}

    def depth(id: str) -> int:
        if id in fixed:
            return fixed[id]
        if id not in found:
            found[id] = min(depth(whole) for whole in wholes[id]) - 1
        return found[id]

    return {node.id: depth(node.id) for node in view.nodes}


def _heights(view: GraphView, columns: Mapping[int, list[ViewNode]]) -> dict[str, float]:
    """The upper edge of each node: rules in order, others as near to their neighbours as there is room."""
    heights = {node.id: float(_MARGIN + _ROW * row) for row, node in enumerate(columns[0])}
    near: dict[str, list[str]] = {}
    for edge in view.edges:
        if edge.tie is not Tie.NEXT:
            near.setdefault(edge.source, []).append(edge.target)
            near.setdefault(edge.target, []).append(edge.source)
    for depth in sorted(columns, key=abs):
        if depth != 0:
            wanted = {node.id: _mean(heights[id] for id in near[node.id] if id in heights) for node in columns[depth]}
            lowest = float(_MARGIN)
            for id in sorted(wanted, key=lambda id: wanted[id]):
                heights[id] = max(lowest, wanted[id])
                lowest = heights[id] + _ROW
    return heights


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else float(_MARGIN)


def _box(box: Box) -> str:
    name = quoteattr(str(box.node.role))
    return (
        f'<g class={name}><rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{_BOX_HEIGHT}" rx="5"/>'
        f'<text x="{box.x + _PADDING:.1f}" y="{box.y + 16:.1f}">{escape(box.label)}</text>'
        f"<title>{escape(box.node.text or str(box.node.role))}</title></g>"
    )


def _edges(edges: Iterable[ViewEdge], boxes: Mapping[str, Box]) -> Iterator[str]:
    for edge in edges:
        source, target = boxes[edge.source], boxes[edge.target]
        yield f'<path class="{edge.tie}" d="{_curve(source, target, edge.tie)}"/>'
        if edge.label:
            x, y = source.x + source.width + 4, source.middle - 3
            yield f'<text class="label" x="{x:.1f}" y="{y:.1f}">{escape(edge.label)}</text>'


def _curve(source: Box, target: Box, tie: Tie) -> str:
    if tie is Tie.NEXT:
        x = source.x + 12
        return f"M{x:.1f},{source.y + _BOX_HEIGHT:.1f}L{x:.1f},{target.y:.1f}"
    start, end = source.x + source.width, target.x
    bend = max(30.0, (end - start) / 2)
    return (
        f"M{start:.1f},{source.middle:.1f}C{start + bend:.1f},{source.middle:.1f} "
        f"{end - bend:.1f},{target.middle:.1f} {end:.1f},{target.middle:.1f}"
    )
