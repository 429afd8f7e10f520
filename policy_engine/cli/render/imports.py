"""An import told to a person: what was made, what could not be, and how the probes were decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from policy_engine.authoring.draft import About
from policy_engine.authoring.imported import Imported, by_text
from policy_engine.cli.probing import ProbeCount
from policy_engine.cli.render.text import counted

_SHOWN = 3


def import_lines(file: Path, folder: Path, made: Imported) -> Iterator[str]:
    """What became of one file; where a note has many places, the first of them."""
    yield f"{file} → {folder}: {counted(made.rules, 'rule')}"
    for about in About:
        notes = by_text(made.notes, about)
        if notes:
            yield f"  {about.value}:"
        for text, places in notes.items():
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            yield f"    {text}: {', '.join(places[:_SHOWN])}{more}"


def probe_lines(count: ProbeCount) -> Iterator[str]:
    """How the probes were decided."""
    probes = counted(count.probes, "probe")
    yield f"{count.free} of {probes} need no learned signal: {count.as_expected} decided as expected"
    for mistake in count.wrong:
        yield f"  {mistake.probe}: expected {mistake.expected}, decided by {mistake.rule or 'default'}"
    others = count.probes - count.free
    if others:
        yield f"{others} need learned signals: {count.others_as_expected} decided as expected without them"
    if count.left_out:
        yield f"{counted(len(count.left_out), 'probe')} left out:"
    for one in count.left_out:
        yield f"  {one.probe}: {one.reason}"
