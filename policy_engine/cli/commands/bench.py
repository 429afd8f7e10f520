"""`policy-engine bench`: how many decisions per second these policies make here, on your own requests."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter_ns

import click

from policy_engine.cli.console import Console, Failure, with_console
from policy_engine.cli.intake import Malformed, lines_of, read_line
from policy_engine.cli.measuring import Measurement, measure
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import env_option, folder_argument, format_option, requests_option
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.text import counted
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.model.request import Request


@click.command()
@folder_argument
@requests_option(required=True)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=3.0,
    show_default=True,
    metavar="S",
    help="How long to measure.",
)
@env_option
@format_option("text", "json")
@with_console
def command(folder: Path, requests: str, seconds: float, env: str | None, form: str, console: Console) -> None:
    """
    Measure how fast the policies in DIR decide your requests, in one thread of this machine.

    Requests are read before the clock runs. Signals are not looked up: what a request does not supply is unknown.
    """
    policy_set = open_policies(folder, env=env, console=console)
    with click.open_file(requests, "rb") as file:
        read = _read(file, policy_set)
    console.say(f"deciding {counted(len(read), 'request')} again and again for {seconds:g} s")
    measured = measure(policy_set, read, seconds=seconds, clock_ns=perf_counter_ns)
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if form == "json":
        console.data(to_json(_json(measured, policy_set, requests=len(read), machine=machine), indent=2))
    else:
        console.data(_text(measured, policy_set, requests=len(read), machine=machine))


def _read(file: Iterable[bytes], policy_set: PolicySet) -> list[Request]:
    requests = []
    for line in lines_of(file):
        try:
            requests.append(read_line(line, policy_set.declarations.attributes))
        except Malformed as problem:
            raise Failure(f"line {line.number} is no request: {problem}") from None
    if not requests:
        raise Failure("there are no requests to decide")
    return requests


def _json(measured: Measurement, policy_set: PolicySet, *, requests: int, machine: str) -> dict[str, object]:
    numbers = asdict(measured) | {"effects": dict(measured.effects)}
    size = {"revision": policy_set.revision, "rules": len(policy_set.rules), "requests": requests}
    return {**size, **numbers, "machine": machine}


def _text(measured: Measurement, policy_set: PolicySet, *, requests: int, machine: str) -> str:
    effects = ", ".join(f"{effect} {share:.1%}" for effect, share in measured.effects)
    return "\n".join(
        [
            f"decisions  {measured.per_second:,.0f} per second in one thread",
            f"one takes  {measured.p50_us:,.1f} µs (median), {measured.p99_us:,.1f} µs (99 of 100 are faster)",
            f"effects    {effects}",
            f"policies   {counted(len(policy_set.rules), 'rule')}; {counted(requests, 'request')}",
            f"machine    {machine}",
        ]
    )
