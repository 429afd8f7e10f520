"""`policy-engine test`: the policies' own tests, what they cover, and which changes they would not notice."""

from __future__ import annotations

from pathlib import Path

import click

from policy_engine.cli.console import FOUND, Console, with_console
from policy_engine.cli.opening import build_policies
from policy_engine.cli.options import env_option, folder_argument, format_option
from policy_engine.cli.testing import Asked, Proof, prove
from policy_engine.pipeline import BuildResult

_SHARE = click.FloatRange(0, 100)


@click.command()
@folder_argument
@click.option("-k", "words", metavar="WORDS", default="", help="Run only tests whose name or file has these words.")
@click.option("--coverage", is_flag=True, help="Also say which rules, conditions and effects no test reaches.")
@click.option("--lcov", metavar="FILE", type=click.Path(path_type=Path), help="Write coverage there, in LCOV's form.")
@click.option("--min-coverage", metavar="PERCENT", type=_SHARE, help="Fail below this coverage.")
@click.option("--mutate", is_flag=True, help="Also change one thing at a time and see whether a test notices.")
@click.option("--min-mutation", metavar="PERCENT", type=_SHARE, help="Fail if the tests notice less of the changes.")
@env_option
@format_option("text", "json", "jsonl", "github", "junit", "lcov")
@with_console
def command(
    folder: Path,
    words: str,
    coverage: bool,
    lcov: Path | None,
    min_coverage: float | None,
    mutate: bool,
    min_mutation: float | None,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Run the tests of the policies in DIR: its `*_test.yaml` files and the examples of its rules.

    No model is called and no signal looked up: what a test's request does not supply is unknown. Ends with 1 if a test
    fails or a share is too low, with 3 if the policies cannot be loaded.

    \b
    policy-engine test policies
    policy-engine test policies -k refunds
    policy-engine test policies --coverage --min-coverage 90
    policy-engine test policies --mutate
    """
    asked = Asked(
        words=words,
        coverage=coverage or lcov is not None or min_coverage is not None or form == "lcov",
        mutate=mutate or min_mutation is not None,
    )
    built, policy_set = build_policies(folder, env=env, console=console)
    proof = prove(built, policy_set, asked, console=console)
    _print(proof, built, form, console)
    if lcov is not None:
        _write_lcov(lcov, proof, built)
    complaints = list(proof.complaints(min_coverage=min_coverage, min_mutation=min_mutation))
    for complaint in complaints:
        _complain(complaint, folder, form, console)
    if complaints or proof.has_failed:
        console.end(FOUND)


def _print(proof: Proof, built: BuildResult, form: str, console: Console) -> None:
    from policy_engine.cli.render import results

    if form == "text":
        text = results.render_text(proof, built, style=console.style, width=console.width)
        console.data(text)
        console.say(("\n" if text else "") + results.summary_line(proof))
    else:
        console.data(results.MACHINES[form](proof, built))
    if form == "github":
        console.say(results.summary_line(proof))  # a job's log is read by people


def _complain(complaint: str, folder: Path, form: str, console: Console) -> None:
    if form == "github":
        from policy_engine.cli.render.machine import github_error

        console.data(github_error(f"tests of {folder}", complaint))
    else:
        console.error(complaint)


def _write_lcov(path: Path, proof: Proof, built: BuildResult) -> None:
    from policy_engine.cli.render.lcov import render_lcov

    assert proof.coverage is not None  # it was asked for
    try:
        path.write_text(render_lcov(proof.coverage, built.bundle) + "\n", encoding="utf-8")
    except OSError as problem:
        raise click.UsageError(f"`{path}` cannot be written: {problem}") from None
