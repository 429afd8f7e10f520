"""`policy-engine graph`: the evaluation graph as a picture, as data, or as the order in which it runs."""

from __future__ import annotations

from pathlib import Path

import click

from policy_engine.cli.console import Console, with_console
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import env_option, folder_argument, format_option
from policy_engine.cli.render.diagram import graph_json, render_dot, render_mermaid
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.plan import render_plan
from policy_engine.cli.render.svg import render_svg
from policy_engine.compiler.view import GraphView, graph_view


@click.command()
@folder_argument
@click.option("--plan", is_flag=True, help="Print as text in which order a decision is made.")
@env_option
@format_option("mermaid", "dot", "svg", "json")
@with_console
def command(folder: Path, plan: bool, env: str | None, form: str, console: Console) -> None:
    """
    Draw the evaluation graph of the policies in DIR.

    It shows the real thing: tests that rules share stand there once, and each says how it is run.

    \b
    policy-engine graph policies --format svg > policies.svg
    """
    view = graph_view(open_policies(folder, env=env, console=console))
    if plan and form != "json":
        console.data(render_plan(view, style=console.style, width=console.width))
    else:
        console.data(_drawn(view, form))


def _drawn(view: GraphView, form: str) -> str:
    if form == "json":
        return to_json(graph_json(view), indent=2)
    return {"mermaid": render_mermaid, "dot": render_dot, "svg": render_svg}[form](view)
