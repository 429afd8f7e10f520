"""`policy-engine replay`: quality and cost of policies on known outcomes, beside what single models would have done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from policy_engine.cli.console import FOUND, Console, Failure, with_console
from policy_engine.cli.intake import lines_of
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import (
    FOLDER,
    READABLE,
    check_out,
    env_option,
    format_option,
    name_of,
    out_option,
    resume_option,
)
from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.replay_page import render_page
from policy_engine.cli.render.replays import render_replay, replay_json
from policy_engine.cli.render.text import counted
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import MissingExtra
from policy_engine.replay.origin import PoliciesChanged, origin_of
from policy_engine.replay.parts import PartsDiffer, Target
from policy_engine.replay.replaying import Replaying, replay_into
from policy_engine.replay.run import Contender, Stage, study_files, study_lines
from policy_engine.replay.sequence import shared_key
from policy_engine.replay.study import Finding, finding_of
from policy_engine.replay.sweep import Sweep, is_in, read_sweep, write_setting

_COMPLAINTS = 20
"""So many lines that are no cases are told one by one."""


_WRITTEN = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("places", metavar="DIR…", nargs=-1, required=True, type=FOLDER)
@click.option("--outcomes", metavar="FILE…", multiple=True, type=READABLE, help="Known outcomes: JSON Lines, Parquet.")
@click.option("--baseline", metavar="MODEL", help="Compare with this model, too; curves lead up to it.")
@click.option("--sweep", "sweeps", metavar="FILE:PATH=V,V", multiple=True, help="Vary one value of a policy file.")
@click.option("--html", metavar="FILE", type=_WRITTEN, help="Write a page with plots.")
@click.option("--jobs", metavar="N", type=click.IntRange(1), default=1, help="Replay in so many processes.")
@out_option
@resume_option
@env_option
@format_option("text", "json")
@with_console
def command(
    places: tuple[Path, ...],
    outcomes: tuple[str, ...],
    baseline: str | None,
    sweeps: tuple[str, ...],
    html: Path | None,
    jobs: int,
    out: Path | None,
    resume: bool,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Replay policies on known outcomes: what they would have scored and cost.

    Each line is a request and what several models did with it. Gates, limits, budgets and sessions work as when
    serving; what the outcomes do not say is unknown and counted. Several DIRs stand side by side. With --out a row for
    each line and policy goes to a file. Nothing is called.

    \b
    policy-engine replay policies --outcomes outcomes.jsonl
    policy-engine replay policies candidate --outcomes may.jsonl june.jsonl --html report.html
    policy-engine replay policies --outcomes o.jsonl --sweep 'policies/a.yaml:$.rules[0].when.message.chars.gt=100,200'
    """
    folders = [place for place in places if not place.is_file()]
    files = (*outcomes, *(str(place) for place in places if place.is_file()))
    if not folders or not files:
        raise click.UsageError("give at least one DIR, and --outcomes FILE")
    check_out(out, files, resume=resume)
    now = datetime.now(UTC)
    with ExitStack() as stack:
        contenders = _contenders(folders, _read_sweeps(sweeps), env, stack, console)
        _say_if_alone(contenders, jobs, console)
        steps = _steps(files, contenders, now, out, jobs=jobs, resume=resume)
        stage = _studied(files, steps, out, console)
    finding = _found(contenders, stage, baseline)
    if html is not None:
        html.write_text(render_page(finding, files=[name_of(file) for file in files]), encoding="utf-8")
        console.say(f"wrote `{html}`")
    console.data(_printed(finding, form, console))
    if stage.complaints:
        _complain(stage, console)
        console.end(FOUND)


def _printed(finding: Finding, form: str, console: Console) -> str:
    if form == "json":
        return to_json(replay_json(finding), indent=2)
    return render_replay(finding, style=console.style, width=console.width)


def _read_sweeps(texts: Iterable[str]) -> list[Sweep]:
    try:
        return [read_sweep(text) for text in texts]
    except ValueError as problem:
        raise click.UsageError(str(problem)) from None


def _contenders(
    folders: Sequence[Path], sweeps: Sequence[Sweep], env: str | None, stack: ExitStack, console: Console
) -> list[Contender]:
    """The policies as they are, and each once more for every value of a sweep."""
    for sweep in sweeps:
        if not any(is_in(sweep, folder) for folder in folders):
            raise click.UsageError(f"`{sweep.file}` is in none of the folders that are replayed")
    found = []
    for folder in folders:
        name = _name(folder, folders)
        policy_set = open_policies(folder, env=env, console=console)
        found.append(Contender(origin=origin_of(folder, policy_set, env=env), name=name))
        for sweep in sweeps:
            if is_in(sweep, folder):
                found += _settings(sweep, folder, name, env, stack, console)
    return found


def _settings(
    sweep: Sweep, folder: Path, name: str, env: str | None, stack: ExitStack, console: Console
) -> Iterator[Contender]:
    for value in sweep.values:
        target = Path(stack.enter_context(TemporaryDirectory(prefix="policy_engine-")))
        try:
            write_setting(sweep, value, folder, target=target)
        except (OSError, ValueError) as problem:
            raise Failure(str(problem)) from None
        policy_set: PolicySet = open_policies(target, env=env, console=console)
        yield Contender(origin=origin_of(target, policy_set, env=env), name=name, setting=value)


def _name(folder: Path, folders: Sequence[Path]) -> str:
    """A folder's own name, or its path where another one is named alike."""
    alike = [one for one in folders if one.name == folder.name]
    return folder.name if len(alike) == 1 and folder.name else str(folder)


def _say_if_alone(contenders: Sequence[Contender], jobs: int, console: Console) -> None:
    if jobs > 1 and shared_key(one.origin.policies() for one in contenders) is None:
        console.say("these policies count all requests together, so one process replays them in order")


def _steps(
    files: Sequence[str], contenders: Sequence[Contender], now: datetime, out: Path | None, *, jobs: int, resume: bool
) -> Iterator[Stage]:
    if out is not None:
        replaying = Replaying(contenders=tuple(contenders), now=now)
        return replay_into(files, replaying, Target(path=out), jobs=jobs, resume=resume)
    if "-" in files:
        return study_lines(_stdin_or(files), contenders, now=now)
    return study_files(files, contenders, now=now, jobs=jobs)


def _studied(files: Sequence[str], steps: Iterator[Stage], out: Path | None, console: Console) -> Stage:
    total = None if "-" in files else sum(Path(file).stat().st_size for file in files if file.endswith(".jsonl"))
    stage = Stage()
    with closing(console.progress(total=total or None)) as progress:
        try:
            for stage in _all(steps):
                progress.show(stage.lines, amount=stage.size_bytes)
        except (PoliciesChanged, PartsDiffer, MissingExtra, OSError, ValueError) as problem:
            raise Failure(str(problem)) from None
        except KeyboardInterrupt:
            progress.close()
            if out is not None:
                console.complain(f"interrupted after {counted(stage.lines, 'line')}; go on with --resume")
            raise
    if out is not None:
        console.say(f"what was done with {counted(stage.count.models.requests, 'case')} is in `{out}`")
    return stage


def _all(steps: Iterator[Stage]) -> Iterator[Stage]:
    """Every stage, the last one too, which a generator returns."""
    yield (yield from steps)  # type: ignore[misc, func-returns-value]  # both are stages


def _stdin_or(files: Iterable[str]) -> Iterator[tuple[str, int, bytes]]:
    for name in files:
        with click.open_file(name, "rb") as file:
            for line in lines_of(file):
                yield name_of(name), line.number, line.content


def _found(contenders: Sequence[Contender], stage: Stage, baseline: str | None) -> Finding:
    if not stage.count.models.requests:
        raise Failure("there are no outcomes to replay")
    if baseline is not None and baseline not in stage.count.models.by_name:
        known = ", ".join(f"`{model}`" for model in stage.count.models.by_name)
        raise Failure(f"there is no outcome of model `{baseline}`; there are outcomes of {known}")
    return finding_of(contenders, stage.count, chosen=baseline)


def _complain(stage: Stage, console: Console) -> None:
    for one in stage.complaints[:_COMPLAINTS]:
        console.error(f"{visible(one.path)}:{one.line}: {visible(one.reason)}")
    console.complain(f"{counted(len(stage.complaints), 'line')} could not be replayed")
