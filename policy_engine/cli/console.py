"""Where a command writes: data to standard output, talk to standard error, in colour where a person looks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from time import monotonic
from typing import Any, NoReturn, ParamSpec, TextIO, TypeVar

import click

from policy_engine.cli.render.progress import Progress
from policy_engine.cli.render.style import PLAIN, Ink, Style

P = ParamSpec("P")
R = TypeVar("R")

CLEAN, FOUND, USAGE, NOT_LOADED, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141
"""Exit codes: clean, findings or failed, wrong usage, could not load; as shells say it, Ctrl-C and a closed pipe."""


class Failure(click.ClickException):
    """A command cannot go on; said in one sentence, ends with 1."""

    exit_code = FOUND

    def show(self, file: Any = None) -> None:
        """Writes the reason to standard error."""
        click.echo(f"error: {self.format_message()}", file=file or sys.stderr)


class NotLoaded(Failure):
    """There is no policy set to work with; ends with 3."""

    exit_code = NOT_LOADED


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """
    The two streams of a command.

    Attributes:
        quiet: leave out what is no data and no trouble.
        style, err_style: how to write on standard output and standard error.
        width: cells of a line of a terminal; None where the output is no terminal.
    """

    quiet: bool
    style: Style
    err_style: Style
    width: int | None

    def data(self, text: str) -> None:
        """Writes what was asked for to standard output; nothing for an empty text."""
        if text:
            sys.stdout.write(text + "\n")

    def piece(self, text: str) -> None:
        """Writes a part of what was asked for as it is, and sends it on its way."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def flush(self) -> None:
        """Sends what was written on its way, for those who follow it live."""
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Writes talk to standard error, unless quiet."""
        if not self.quiet and text:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Writes trouble to standard error."""
        sys.stdout.flush()  # both may be one terminal, where the order matters
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def error(self, text: str) -> None:
        """Writes trouble to standard error, marked as an error."""
        self.complain(f"{self.err_style.paint('error:', Ink.RED)} {text}")

    def progress(self, *, total: int | None) -> Progress:
        """A progress bar, which shows only on a terminal and only to who is not quiet."""
        shown = sys.stderr if sys.stderr.isatty() and not self.quiet else None
        return Progress(out=shown, clock=monotonic, total=total)

    def end(self, code: int) -> NoReturn:
        """Ends the command with an exit code."""
        raise click.exceptions.Exit(code)


def open_console(*, quiet: bool, no_color: bool, environ: Mapping[str, str]) -> Console:
    """The console of this process as it is now."""
    plain = no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    return Console(
        quiet=quiet,
        style=_style_of(sys.stdout, plain=plain),
        err_style=_style_of(sys.stderr, plain=plain),
        width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None,
    )


def _style_of(stream: TextIO, *, plain: bool) -> Style:
    return PLAIN if plain or not stream.isatty() else Style(coloured=True)


def with_console(command: Callable[P, R]) -> Callable[..., R]:
    """The command with `--quiet` and `--no-color`, and a `console` made from them."""

    @click.option("-q", "--quiet", is_flag=True, help="Say nothing but data and errors.")
    @click.option("--no-color", is_flag=True, help="No colour; so does NO_COLOR in the environment.")
    @wraps(command)
    def wrapped(*args: Any, quiet: bool, no_color: bool, **kwargs: Any) -> R:
        console = open_console(quiet=quiet, no_color=no_color, environ=os.environ)
        return command(*args, console=console, **kwargs)  # type: ignore[arg-type]  # ParamSpec cannot say `one less`

    return wrapped
