"""`policy-engine validate`: everything that is wrong with policies, at its place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from policy_engine.cli.console import FOUND, NOT_LOADED, Console, NotLoaded, with_console
from policy_engine.cli.faults.unset_variable import unset_variables
from policy_engine.cli.intake import Line, Malformed, lines_of, read_line
from policy_engine.cli.opening import build_folder
from policy_engine.cli.options import FOLDER, env_option, format_option, requests_option
from policy_engine.cli.render.text import render_report, summary_line
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.diagnostics import Report, in_order
from policy_engine.model.request import Request
from policy_engine.pipeline import analyzed


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=FOLDER)
@click.option(
    "--fail-on",
    type=click.Choice(("error", "warning")),
    default="error",
    show_default=True,
    help="From which severity on to end with 1.",
)
@click.option("--check-env", is_flag=True, help="Also check that the variables that providers name are set.")
@requests_option(required=False)
@env_option
@format_option("text", "json", "jsonl", "github", "sarif")
@with_console
def command(
    folders: tuple[Path, ...],
    fail_on: str,
    check_env: bool,
    requests: str | None,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Check the policies in each DIR: load, validate, compile and analyze them.

    With --requests, thresholds are tried on these requests. Ends with 1 if there are findings, with 3 if a folder is
    not there.
    """
    lines = () if requests is None else _lines(requests)
    reports = []
    is_missing = False
    for folder in folders:
        try:
            reports.append(_report(folder, lines, env=env, check_env=check_env))
        except NotLoaded as problem:
            is_missing = True
            console.error(problem.format_message())
    report = joined(reports)
    if reports:
        _print(report, form, console)
    if is_missing:
        console.end(NOT_LOADED)
    if report.errors or (fail_on == "warning" and report.warnings):
        console.end(FOUND)


def joined(reports: Sequence[Report]) -> Report:
    """One report of several bundles; it has a revision only if it is of one."""
    sources = {path: text for report in reports for path, text in report.sources.items()}
    return Report(
        diagnostics=tuple(diagnostic for report in reports for diagnostic in report.diagnostics),
        files=sum(report.files for report in reports),
        rules=sum(report.rules for report in reports),
        revision=reports[0].revision if len(reports) == 1 else None,
        sources=sources,
    )


def _lines(path: str) -> tuple[Line, ...]:
    with click.open_file(path, "rb") as file:
        return tuple(lines_of(file))


def _samples(lines: Sequence[Line], policy_set: PolicySet | None) -> Iterator[Request]:
    """The requests on some lines; a line that is none is passed over, as `dry-run` tells of it."""
    attributes = {} if policy_set is None else policy_set.declarations.attributes
    for line in lines:
        with suppress(Malformed):
            yield read_line(line, attributes)


def _report(folder: Path, lines: Sequence[Line], *, env: str | None, check_env: bool) -> Report:
    built = build_folder(folder, env=env)
    result = analyzed(built, samples=_samples(lines, built.policy_set))
    if not check_env:
        return result.report
    found = result.bundle.place_all(unset_variables(result.bundle.files, os.environ))
    return replace(result.report, diagnostics=in_order((*result.report.diagnostics, *found)))


def _print(report: Report, form: str, console: Console) -> None:
    if form == "text":
        console.data(render_report(report, style=console.style, width=console.width))
        console.say(("\n" if report.diagnostics else "") + summary_line(report))
    else:
        console.data(_rendered(report, form))


def _rendered(report: Report, form: str) -> str:
    from policy_engine.cli.render import machine

    if form == "sarif":
        from policy_engine.cli.manual import read_manual
        from policy_engine.cli.program import program_version
        from policy_engine.cli.render.sarif import render_sarif

        return render_sarif(report, manual=read_manual(), version=program_version())
    render = {"json": machine.render_json, "jsonl": machine.render_jsonl, "github": machine.render_github}
    return render[form](report)
