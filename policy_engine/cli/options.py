"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
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
