"""
How long an edit takes to become live, in every way in which files change, while another thread decides without pause.

    python -m benchmarks.reload --seconds 30

Every file of a revision carries the revision's number, so a decision by a mixture would show: `mixed` must be 0. Time
counts from when the last file is written to when a decision comes from the new policies. `pause` is the longest time
between two decisions of the other thread, which shares the interpreter with whatever builds. `alone` is the same edit
with nobody deciding. Prints a table and asserts nothing.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from policy_engine.engine import Engine
from tests.store.numbered import Reader, number_of
from tests.store.ways import WAYS, Way

PATIENCE_S = 20.0


@dataclass(slots=True)
class Figures:
    """What was seen of one way: times to live in ms, alone and beside a reader, and what the reader saw."""

    alone_ms: list[float] = field(default_factory=list)
    live_ms: list[float] = field(default_factory=list)
    decisions: int = 0
    mixed: int = 0
    reloads: int = 0
    pause_ms: float = 0.0


def main() -> None:
    """Measures every way for its share of the time."""
    parser = argparse.ArgumentParser(description="How long an edit takes to become live.")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to go on, over all ways")
    seconds = parser.parse_args().seconds / len(WAYS)
    print(f"{'way':22}{'reloads':>8}{'decisions':>11}{'mixed':>7}{'median':>9}{'worst':>9}{'pause':>9}{'alone':>9}")
    for way in WAYS:
        print(row(way, figures_of(way, seconds)), flush=True)


def row(way: Way, figures: Figures) -> str:
    """One way as a line of the table."""
    alone, median, worst = statistics.median(figures.alone_ms), statistics.median(figures.live_ms), max(figures.live_ms)
    times = "".join(f"{ms:6.0f} ms" for ms in (median, worst, figures.pause_ms, alone))
    return f"{way.name:22}{figures.reloads:8}{figures.decisions:11}{figures.mixed:7}{times}"


def figures_of(way: Way, seconds: float) -> Figures:
    """Changes a folder again and again, a third of the time with nobody deciding."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as place:
        way.begin(Path(place))
        with Engine.open(Path(place) / way.folder) as engine:
            number = change_for(way, Path(place), engine, start=1, seconds=seconds / 3, live_ms=figures.alone_ms)
            with Reader(engine) as reader:
                change_for(way, Path(place), engine, start=number, seconds=seconds * 2 / 3, live_ms=figures.live_ms)
            figures.reloads = engine.status().generation - 1
    if reader.errors:
        raise reader.errors[0]
    figures.decisions, figures.mixed = reader.decisions, len(reader.mixed)
    figures.pause_ms = reader.longest_pause_s * 1000
    return figures


def change_for(way: Way, place: Path, engine: Engine, *, start: int, seconds: float, live_ms: list[float]) -> int:
    """Makes changes for some time, and notes how long each took to be live; gives the last number."""
    number, end = start, time.monotonic() + seconds
    while time.monotonic() < end:
        number = number % 3 + 1 if way.name == "check_out" else number + 1
        way.change(place, number)
        done = time.perf_counter()
        if not engine.wait_for(lambda _, number=number: number_of(engine) == {number}, PATIENCE_S):
            raise SystemExit(f"{way.name}: {number} is not live after {PATIENCE_S} s; {engine.status().pending}")
        live_ms.append((time.perf_counter() - done) * 1000)
    return number


if __name__ == "__main__":
    main()
