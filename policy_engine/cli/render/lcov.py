"""Coverage in LCOV's form, which editors and coverage services read: rules as functions, conditions as branches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policy_engine.diagnostics import Span
from policy_engine.loader.bundle import Bundle
from policy_engine.verify.coverage import Coverage, Kind, Point

_Placed = tuple[Point, Span]


def render_lcov(coverage: Coverage, bundle: Bundle) -> str:
    """One record for each policy file; paths are those that diagnostics have."""
    spans = bundle.spans(point.address for point in coverage.points)
    files: dict[str, list[_Placed]] = {}
    for point, span in zip(coverage.points, spans, strict=True):
        files.setdefault(span.path, []).append((point, span))
    return "\n".join(line for path, placed in sorted(files.items()) for line in _record(path, placed))


def _record(path: str, placed: Sequence[_Placed]) -> Iterator[str]:
    yield "TN:policy-engine"
    yield f"SF:{path}"
    yield from _rules([(point, span) for point, span in placed if point.kind is Kind.RULE])
    yield from _branches([(point, span) for point, span in placed if point.kind is Kind.CONDITION])
    yield from _lines(placed)
    yield "end_of_record"


def _rules(placed: Sequence[_Placed]) -> Iterator[str]:
    for point, span in placed:
        yield f"FN:{span.start.line},{point.owner}"
    for point, _ in placed:
        yield f"FNDA:{_hits(point)},{point.owner}"
    yield f"FNF:{len(placed)}"
    yield f"FNH:{sum(not point.missing for point, _ in placed)}"


def _branches(placed: Sequence[_Placed]) -> Iterator[str]:
    """Each condition is a block of its line, with a branch for true and one for false."""
    blocks: dict[int, int] = {}
    for point, span in placed:
        block = blocks[span.start.line] = blocks.get(span.start.line, -1) + 1
        for branch, count in enumerate(point.hits.values()):
            yield f"BRDA:{span.start.line},{block},{branch},{count}"
    yield f"BRF:{sum(len(point.hits) for point, _ in placed)}"
    yield f"BRH:{sum(len(point.hits) - len(point.missing) for point, _ in placed)}"


def _lines(placed: Sequence[_Placed]) -> Iterator[str]:
    """A line is hit as often as what stands on it and was seen least."""
    lines: dict[int, int] = {}
    for point, span in placed:
        lines[span.start.line] = min(lines.get(span.start.line, _hits(point)), _hits(point))
    for number, count in sorted(lines.items()):
        yield f"DA:{number},{count}"
    yield f"LF:{len(lines)}"
    yield f"LH:{sum(count > 0 for count in lines.values())}"


def _hits(point: Point) -> int:
    """How often a point was seen in any way."""
    return sum(point.hits.values())
