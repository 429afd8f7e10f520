"""The program `policy-engine`: its commands by name, each imported only when it is run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from policy_engine.cli.console import PIPE_CLOSED

SUMMARIES: Mapping[str, str] = {
    "init": "Write a starter bundle to begin from.",
    "validate": "Check policies: load, validate and compile them.",
    "test": "Run the policies' own tests.",
    "dry-run": "Decide requests and call nothing.",
    "diff": "Show what a change of policies changes.",
    "replay": "Quality and cost of policies on known outcomes.",
    "complete": "Decide and carry out one request.",
    "import": "Turn another router's configuration into policies.",
    "export": "Write a ledger to Parquet or JSON Lines.",
    "graph": "Draw the evaluation graph.",
    "explain": "Show the manual page of a diagnostic.",
    "watch": "Reload live and report every reload.",
    "train": "Make a text classifier from labelled lines.",
    "calibrate": "Find the threshold of a cache from an error rate.",
    "cache": "Show or remove what caches hold.",
    "embedder": "Add and list local embedders.",
    "bench": "Measure decisions per second here.",
    "schema": "Print a JSON Schema.",
    "completion": "Print a script for your shell's completion.",
}
"""What each command does, in the order in which people need them."""


class Program(click.Group):
    """The group of all commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """The names of all commands."""
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  (click's signature)
        """The command of this name, imported now; None if there is none."""
        if cmd_name not in SUMMARIES:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(f"policy_engine.cli.commands.{name}{'_' if iskeyword(name) else ''}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; a misspelt one is an error that says what was meant."""
        asked = args[0]
        if asked not in SUMMARIES and not asked.startswith("-"):
            ctx.fail(_no_such_command(asked))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (click's signature)
        """Writes the table of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(SUMMARIES.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a reader of its output that goes away ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            close_output()
            raise click.exceptions.Exit(PIPE_CLOSED) from None


def _no_such_command(asked: str) -> str:
    from difflib import get_close_matches

    found = get_close_matches(asked, SUMMARIES, n=1)
    meant = f"did you mean `{found[0]}`?" if found else f"there are {', '.join(SUMMARIES)}"
    return f"no command `{asked}`; {meant}"


def close_output() -> None:
    """Sends what is still to be written nowhere, so that nothing complains when the interpreter flushes it."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def _print_version(ctx: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    click.echo(f"policy-engine {program_version()}")
    ctx.exit()


def program_version() -> str:
    """The version of the installed distribution; `unknown` in a source tree that nothing was installed from."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("policy_engine")
    except PackageNotFoundError:
        return "unknown"


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 clean, 1 findings or failed, 2 wrong usage, 3 could not load.",
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_print_version, help="Print it.")
def program() -> None:
    """Decide per request which language model answers it, by rules that live in YAML files."""
