"""Policies for a command to work with: built from a folder, or the reason why they cannot be."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

import click

from policy_engine.cli.console import NOT_LOADED, Console, NotLoaded
from policy_engine.cli.render.text import counted, render_report, summary_line
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import BundleNotFound
from policy_engine.model.policy import Declarations
from policy_engine.pipeline import BuildResult, build


def build_folder(folder: Path, *, env: str | None) -> BuildResult:
    """
    What building a folder gave.

    Raises:
        NotLoaded: there is no such folder.
        click.BadParameter: the environment cannot be one.
    """
    try:
        return build(folder, env=env)
    except BundleNotFound as problem:
        raise NotLoaded(str(problem)) from None
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="'--env'") from None


def open_policies(folder: Path, *, env: str | None, console: Console) -> PolicySet:
    """
    The policies in a folder, for a command that cannot do without.

    Ends the command with 3 where there are none, after telling why on standard error.
    """
    return build_policies(folder, env=env, console=console)[1]


def build_policies(folder: Path, *, env: str | None, console: Console) -> tuple[BuildResult, PolicySet]:
    """The same, with the build that they come from."""
    result = build_folder(folder, env=env)
    report = result.report
    if result.policy_set is None:
        console.complain(render_report(report, style=console.err_style, width=console.width))
        console.complain(f"\n{summary_line(report)}: nothing to work with")
        console.end(NOT_LOADED)
    if report.warnings:
        console.say(f"{counted(len(report.warnings), 'warning')}; see `policy-engine validate {folder}`")
    return result, result.policy_set


def open_declarations(folder: Path, *, env: str | None, console: Console, without: Set[str]) -> Declarations:
    """
    What a bundle declares, for a command that makes a file which the bundle may still lack.

    Ends the command with 3 where there is more wrong with it.

    Args:
        without: codes of what may be wrong.
    """
    result = build_folder(folder, env=env)
    policy = result.validation.policy
    errors = [error for error in result.report.errors if error.code not in without]
    if policy is None or errors:
        console.complain(render_report(result.report, style=console.err_style, width=console.width))
        console.end(NOT_LOADED)
    return policy.declarations
