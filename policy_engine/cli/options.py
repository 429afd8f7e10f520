"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from policy_engine.errors import MissingExtra
from policy_engine.state.open import check_state, file_of

Command = TypeVar("Command", bound=Callable[..., Any])

# Not checked for existence here: a folder that is not there is not wrong usage but cannot be loaded.
FOLDER = click.Path(file_okay=True, path_type=Path)

# A path and not a file: click leaves files open where another option is wrong.
READABLE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)

_WRITTEN = click.Path(dir_okay=False, path_type=Path)


def folder_argument(command: Command) -> Command:
    """The command with one policy folder, DIR."""
    return click.argument("folder", metavar="DIR", type=FOLDER)(command)


def env_option(command: Command) -> Command:
    """The command with `--env`: which folder of `overlays/` counts."""
    said = "Use what `overlays/NAME/` says."
    return click.option("--env", metavar="NAME", help=said)(command)


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format` with these choices, the first of which is the default; passed on as `form`."""

    def add(command: Command) -> Command:
        choice = click.Choice(formats, case_sensitive=False)
        return click.option(
            "--format", "form", type=choice, default=formats[0], show_default=True, help="How to print the result."
        )(command)

    return add


def requests_option(*, required: bool) -> Callable[[Command], Command]:
    """`--requests`: the path of a file of JSON Lines, or `-`."""

    def add(command: Command) -> Command:
        said = "JSON Lines, one request each; `-` is standard input."
        return click.option("--requests", metavar="FILE", type=READABLE, required=required, help=said)(command)

    return add


def out_option(command: Command) -> Command:
    """The command with `--out`: a file that gets a row for each request, None if left out."""
    said = "Write a row for each request: Parquet or JSON Lines."
    return click.option("--out", metavar="FILE", type=_WRITTEN, help=said)(command)


def resume_option(command: Command) -> Command:
    """The command with `--resume`: whether to go on with what a run to `--out` has done."""
    said = "Go on with what an interrupted run to --out has done."
    return click.option("--resume", is_flag=True, help=said)(command)


def check_out(out: Path | None, files: Iterable[str | None], *, resume: bool) -> None:
    """
    Does nothing where rows can be written for all requests of these files.

    Raises:
        click.UsageError: `--out` without a file, or with standard input; `--resume` without `--out`.
    """
    read = list(files)
    if out is not None and (not read or None in read or "-" in read):
        raise click.UsageError("--out needs a file of requests, which is not standard input")
    if resume and out is None:
        raise click.UsageError("--resume needs --out")


def state_option(said: str) -> Callable[[Command], Command]:
    """`--state`: the address of a state, checked; passed on as `state`, None if left out."""
    return _address_option("--state", said, check=check_state)


def ledger_option(said: str, *, required: bool = False) -> Callable[[Command], Command]:
    """`--ledger`: the address of a ledger, checked; passed on as `ledger`, None if left out."""
    return _address_option("--ledger", said, check=file_of, required=required)


def _address_option(
    name: str, said: str, *, check: Callable[[str], object], required: bool = False
) -> Callable[[Command], Command]:
    def checked(_context: click.Context, _parameter: click.Parameter, address: str | None) -> str | None:
        try:
            if address is not None:
                check(address)
        except (ValueError, MissingExtra) as problem:
            raise click.BadParameter(str(problem)) from None
        return address

    return click.option(name, metavar="URL", help=said, callback=checked, required=required)


def name_of(path: str) -> str:
    """What a file is called in messages: its path, or `<stdin>`."""
    return "<stdin>" if path == "-" else path
