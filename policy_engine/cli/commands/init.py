"""`policy-engine init`: a starter bundle that validates, with tests and sample requests."""

from __future__ import annotations

from pathlib import Path

import click

from policy_engine.authoring.init import init
from policy_engine.cli.console import Console, Failure, with_console


@click.command()
@click.argument("folder", metavar="[DIR]", default="policies", type=click.Path(path_type=Path))
@with_console
def command(folder: Path, console: Console) -> None:
    """
    Write a starter bundle into DIR, `policies` if none is named.

    It validates as it is and comes with tests and sample requests. No file is ever overwritten.
    """
    try:
        written = init(folder)
    except (ValueError, OSError) as problem:
        raise Failure(str(problem)) from None
    console.data("\n".join(str(path) for path in written))
    console.say(
        "\nnext:\n"
        f"  policy-engine validate {folder}\n"
        f"  policy-engine test {folder}\n"
        f"  policy-engine dry-run {folder} --requests {folder / 'requests.jsonl'}"
    )
