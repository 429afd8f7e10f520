"""`policy-engine schema`: one JSON Schema on standard output, for editors and scripts."""

from __future__ import annotations

import click

from policy_engine.cli.console import Console, with_console
from policy_engine.cli.render.machine import to_json
from policy_engine.model.schemas import read_schema, schema_names


def _complete(_ctx: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    return [name for name in schema_names() if name.startswith(typed)]


@click.command()
@click.argument("name", required=False, shell_complete=_complete)
@with_console
def command(name: str | None, console: Console) -> None:
    """
    Print the JSON Schema NAME, such as `policy` or `decision.v1`.

    Without NAME, the names of all schemas are printed.
    """
    if name is None:
        console.data("\n".join(schema_names()))
        return
    try:
        console.data(to_json(read_schema(name), indent=2))
    except ValueError as problem:
        raise click.UsageError(_said(name, str(problem))) from None


def _said(name: str, problem: str) -> str:
    from difflib import get_close_matches

    known = schema_names()
    found = get_close_matches(name, [*known, *(full.partition(".")[0] for full in known)], n=1)
    return f"{problem}; did you mean `{found[0]}`?" if found else problem
