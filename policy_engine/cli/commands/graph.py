"""`policy-engine graph`: the evaluation graph as a picture, as data, or as the order in which it runs."""

from __future__ import annotations

from pathlib import Path

import click

from policy_engine.cli.console import Console, with_console
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import env_option, folder_argument, format_option
from policy_engine.cli.render.break_even import break_evens_json, render_break_evens
from policy_engine.cli.render.diagram import graph_json, render_dot, render_mermaid
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.plan import render_plan
from policy_engine.cli.render.svg import render_svg
from policy_engine.compiler.view import GraphView, graph_view
from policy_engine.executor.break_even import break_evens


@click.command()
@folder_argument
@click.option("--plan", is_flag=True, help="Print as text in which order a decision is made.")
@env_option
@format_option("mermaid", "dot", "svg", "json")
@with_console
def command(folder: Path, plan: bool, env: str | None, form: str, console: Console) -> None:
    """
    Draw the evaluation graph of the policies in DIR.

    It shows the real thing: tests that rules share stand there once, and each says how it is run. With --plan it also
    says up to which share of escalations each step of a cascade is cheaper than asking the next model at once.

    \b
    policy-engine graph policies --format svg > policies.svg
    """
    policy_set = open_policies(folder, env=env, console=console)
    view, pairs = graph_view(policy_set), break_evens(policy_set)
    if form == "json":
        console.data(to_json({**graph_json(view), "break_even": break_evens_json(pairs)}, indent=2))
    elif plan:
        console.data(render_plan(view, style=console.style, width=console.width))
        if pairs:
            console.data("\n" + render_break_evens(pairs, style=console.style, width=console.width))
    else:
        console.data(_drawn(view, form))


def _drawn(view: GraphView, form: str) -> str:
    return {"mermaid": render_mermaid, "dot": render_dot, "svg": render_svg}[form](view)
