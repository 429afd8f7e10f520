"""`policy-engine dry-run`: what the policies decide about requests, without calling anything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Any

import click

from policy_engine.cli.console import FOUND, Console, Failure, with_console
from policy_engine.cli.deciding import (
    Chunk,
    Complaint,
    Source,
    asking,
    decide_in_processes,
    decide_lines,
    decide_one,
)
from policy_engine.cli.describing import Described, request_options
from policy_engine.cli.intake import Line, lines_of
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import (
    check_out,
    env_option,
    folder_argument,
    format_option,
    name_of,
    out_option,
    requests_option,
    resume_option,
    state_option,
)
from policy_engine.cli.printing import Printer, printer_for
from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.decisions import render_card, render_trace
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.progress import Progress
from policy_engine.cli.render.text import counted
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import MissingExtra
from policy_engine.ledger.columns import is_parquet
from policy_engine.model.decision import Decision
from policy_engine.replay.deciding import Part, decide_file
from policy_engine.replay.origin import Origin, PoliciesChanged, origin_of
from policy_engine.replay.parts import PartsDiffer, Target
from policy_engine.replay.slices import Slice, lines_in, slices_of
from policy_engine.replay.traffic import Traffic
from policy_engine.state.open import missing_file


@click.command()
@folder_argument
@requests_option(required=False)
@request_options
@click.option("--trace", is_flag=True, help="Say for each rule tried why it did or did not match.")
@click.option("--jobs", metavar="N", type=click.IntRange(1), default=1, help="Decide in so many processes.")
@state_option("Read budgets and sessions there: sqlite:///FILE or a path. Nothing is written.")
@out_option
@resume_option
@env_option
@format_option("text", "json", "jsonl")
@with_console
def command(
    folder: Path,
    requests: str | None,
    described: Described,
    trace: bool,
    jobs: int,
    state: str | None,
    out: Path | None,
    resume: bool,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Decide each request with the policies in DIR and call nothing.

    Requests come from a file of JSON Lines or Parquet (--requests), or one is described by --task, --input and
    --attribute. Signals are unknown unless a request supplies them; with --state, budgets, escalations and sessions are
    read from there. Costs are estimates of the first call. With --out a row for each request goes to a file, however
    many there are.

    \b
    policy-engine dry-run policies --requests requests.jsonl
    policy-engine dry-run policies --task generate_reply --input "Where is my order?" --attribute plan=pro
    """
    _check_usage(requests, described, trace=trace, state=state, out=out, resume=resume)
    policy_set = open_policies(folder, env=env, console=console)
    if requests is None:
        request = described.request(policy_set.declarations.attributes)
        with asking(policy_set, state) as learn:
            decision, _ = decide_one(policy_set, request, trace=trace, learn=learn)
        _show(decision, form=form, trace=trace, console=console)
    elif out is not None:
        origin = origin_of(folder, policy_set, env=env)
        parts = decide_file(requests, origin, Target(path=out), jobs=jobs, resume=resume, state=state)
        _to_file(requests, origin, out, parts, form=form, console=console)
    else:
        source = Source(folder=folder.absolute(), env=env, revision=policy_set.revision, state=state)
        printer = printer_for(form, trace=trace, console=console)
        _to_screen(requests, policy_set, source, printer, jobs=jobs, console=console)


def _check_usage(
    requests: str | None, described: Described, *, trace: bool, state: str | None, out: Path | None, resume: bool
) -> None:
    if described.is_empty == (requests is None):
        raise click.UsageError("give either --requests, or a request by --task, --input and --attribute")
    if state is not None and (missing := missing_file(state)) is not None:
        raise Failure(f"no state at `{visible(missing)}`")
    check_out(out, [requests], resume=resume)
    if out is not None and trace:
        raise click.UsageError("--out writes no traces; leave out --trace")


def _to_screen(
    requests: str, policy_set: PolicySet, source: Source, printer: Printer, *, jobs: int, console: Console
) -> None:
    """Decides a file, shows each decision as it comes, and tells where the traffic went."""
    with click.open_file(requests, "rb") as file, asking(policy_set, source.state) as learn:
        lines, how = _rows_of(requests) if is_parquet(requests) else lines_of(file), printer.how()
        if jobs == 1:
            chunks = decide_lines(lines, policy_set, how, learn)
        else:
            chunks = decide_in_processes(lines, source, how, jobs=jobs)
        progress = console.progress(total=_size_of(file))
        with closing(chunks), closing(progress):
            traffic, malformed = _many(chunks, name_of(requests), printer, progress, console)
    printer.finish(traffic, _idle_rules(policy_set, traffic))
    if malformed:
        console.complain(f"{counted(malformed, 'line')} of `{name_of(requests)}` could not be decided")
        console.end(FOUND)


def _to_file(requests: str, origin: Origin, out: Path, parts: Iterable[Part], *, form: str, console: Console) -> None:
    """Takes the parts of a file of decisions as they are made, and tells where the traffic went."""
    traffic, done, size, problems = Traffic(), 0, 0, 0
    first: str | None = None
    with closing(console.progress(total=sum(one.stop - one.start for one in _slices(requests)))) as progress:
        try:
            for part in parts:
                traffic.merge(part.traffic)
                done, size, problems = done + part.requests, size + part.size, problems + part.problems
                first = first or part.first_problem
                progress.show(done, amount=size)
        except (PoliciesChanged, PartsDiffer, MissingExtra, OSError, ValueError) as problem:
            raise Failure(str(problem)) from None
        except KeyboardInterrupt:
            progress.close()
            console.complain(f"interrupted after {counted(done, 'request')}; go on with --resume")
            raise
    printer_for(form, trace=False, console=console).finish(traffic, _idle_rules(origin.policies(), traffic))
    console.say(f"{counted(done, 'row')} in `{out}`")
    if problems:
        console.complain(f"{counted(problems, 'line')} of `{name_of(requests)}` could not be decided, first: {first}")
        console.end(FOUND)


def _slices(requests: str) -> tuple[Slice, ...]:
    try:
        return slices_of(requests)
    except (MissingExtra, OSError, ValueError) as problem:
        raise Failure(str(problem)) from None


def _rows_of(path: str) -> Iterator[Line]:
    """The rows of a Parquet file as lines."""
    try:
        for number, content in enumerate(lines_in(path), start=1):
            yield Line(number, content)
    except (MissingExtra, ValueError) as problem:
        raise Failure(str(problem)) from None


def _show(decision: Decision, *, form: str, trace: bool, console: Console) -> None:
    if form != "text":
        console.data(to_json(decision.to_json(), indent=2 if form == "json" else None))
        return
    console.data(render_card(decision, style=console.style))
    if trace:
        console.data("\n" + render_trace(decision, style=console.style))


def _many(
    chunks: Iterable[Chunk], name: str, printer: Printer, progress: Progress, console: Console
) -> tuple[Traffic, int]:
    """Writes all decisions and complaints as they come; gives the sum, and the number of complaints."""
    traffic = Traffic()
    malformed = size_bytes = 0
    try:
        for chunk in chunks:
            progress.close()
            traffic.merge(chunk.traffic)
            malformed += len(chunk.complaints)
            size_bytes += chunk.size_bytes
            for complaint in chunk.complaints:
                console.error(_said(complaint, name))
            printer.add(chunk)
            progress.show(traffic.total().requests, amount=size_bytes)
    except PoliciesChanged as problem:
        raise Failure(str(problem)) from None
    return traffic, malformed


def _idle_rules(policy_set: PolicySet, traffic: Traffic) -> list[str]:
    busy = {choice.rule for choice in traffic.loads}
    return [rule.name for rule in policy_set.rules if rule.verdict is not None and rule.name not in busy]


def _said(complaint: Complaint, name: str) -> str:
    column = "" if complaint.column is None else f":{complaint.column}"
    return f"{visible(name)}:{complaint.line}{column}: {visible(complaint.reason)}"


def _size_of(file: IO[Any]) -> int | None:
    """The size of a file in bytes, None for what has none, such as a pipe."""
    with suppress(OSError, ValueError):
        return os.fstat(file.fileno()).st_size or None
    return None
