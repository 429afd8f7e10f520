"""`policy-engine watch`: policies kept live, and every reload told as it happens."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

import click

from policy_engine.cli.console import NOT_LOADED, Console, NotLoaded, with_console
from policy_engine.cli.options import env_option, folder_argument, format_option
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.reloads import Happening, InStep, happening_json, render_happening
from policy_engine.cli.render.text import render_report, summary_line
from policy_engine.diagnostics import Report
from policy_engine.engine import Engine
from policy_engine.errors import BundleError, BundleInvalid
from policy_engine.model.events import Event, ReloadFailed, ReloadHeld, ReloadSucceeded

_PAUSE_S = 0.5
_RECENT_S = 60.0


@click.command()
@folder_argument
@env_option
@format_option("text", "jsonl")
@with_console
def command(folder: Path, env: str | None, form: str, console: Console) -> None:
    """
    Watch DIR, reload its policies whenever they change, and report every reload. Ctrl-C ends it.

    What has errors never goes live: the policies before it serve on, and the errors are shown.
    """
    events: SimpleQueue[Event] = SimpleQueue()
    with _open(folder, env=env, events=events, console=console) as engine:
        console.say(f"watching {folder}; Ctrl-C ends")
        for happening in happenings(engine, events):
            if form == "jsonl":
                console.data(to_json(happening_json(happening)))
            else:
                console.data(render_happening(happening, style=console.style, width=console.width))
            console.flush()


def _open(folder: Path, *, env: str | None, events: SimpleQueue[Event], console: Console) -> Engine:
    try:
        return Engine.open(folder, env=env, on_event=events.put)
    except BundleInvalid as problem:
        console.complain(render_report(problem.report, style=console.err_style, width=console.width))
        console.complain(f"\n{summary_line(problem.report)}: nothing to begin with")
        console.end(NOT_LOADED)
    except BundleError as problem:
        raise NotLoaded(str(problem)) from None


def happenings(engine: Engine, events: SimpleQueue[Event]) -> Iterator[Happening]:
    """What happens to an engine, as it happens, without end."""
    is_troubled = False
    while True:
        with suppress(Empty):
            event = events.get(timeout=_PAUSE_S)
            is_troubled = isinstance(event, ReloadFailed | ReloadHeld)
            yield _happening(event, engine)
            continue
        # Undoing an edit makes nothing live, so no event tells of it.
        if is_troubled and engine.status().pending is None:
            is_troubled = False
            yield Happening(at=datetime.now().astimezone(), event=InStep(revision=engine.snapshot.revision))


def _happening(event: Event, engine: Engine) -> Happening:
    now = datetime.now().astimezone()
    if isinstance(event, ReloadSucceeded) and event.generation > 1:
        return Happening(at=now, event=event, since_change_ms=_since_change_ms(engine))
    return Happening(at=now, event=event, report=_report(engine) if isinstance(event, ReloadFailed) else None)


def _report(engine: Engine) -> Report | None:
    """The findings of what is pending."""
    pending = engine.status().pending
    error = None if pending is None else pending.error
    return error.report if isinstance(error, BundleInvalid) else None


def _since_change_ms(engine: Engine) -> float | None:
    """
    From the newest change in the folder to live, by the file system's clock.

    None if nothing changed of late, as when an old file was moved here.
    """
    live = engine.snapshot
    paths = [Path(engine.status().folder, path) for path in live.files]
    newest_s = max(_modified_s({*paths, *(path.parent for path in paths)}), default=0.0)
    waited_s = live.loaded_at.timestamp() - newest_s
    return round(waited_s * 1000, 1) if 0 <= waited_s < _RECENT_S else None


def _modified_s(paths: Iterable[Path]) -> Iterator[float]:
    for path in paths:
        with suppress(OSError):
            yield os.stat(path).st_mtime
