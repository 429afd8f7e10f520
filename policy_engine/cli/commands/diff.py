"""`policy-engine diff`: what a change of policies changes, for which requests, why, and for how much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from policy_engine.cli.console import FOUND, Console, Failure, NotLoaded, with_console
from policy_engine.cli.intake import lines_of
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import (
    READABLE,
    check_out,
    env_option,
    format_option,
    name_of,
    out_option,
    resume_option,
)
from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.differences import Difference, difference_json, render_difference, render_markdown
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.money import dollars
from policy_engine.cli.render.text import counted
from policy_engine.cli.versions import version_folder
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import MissingExtra, StateError
from policy_engine.ledger.read import Reader
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.replay.changes import declared_between
from policy_engine.replay.compare import Traffic, compare_file, compare_lines, compare_records
from policy_engine.replay.differing import Differing, differ_file
from policy_engine.replay.moves import Moves
from policy_engine.replay.origin import Origin, PoliciesChanged, origin_of
from policy_engine.replay.pairs import Pair
from policy_engine.replay.parts import PartsDiffer, Target
from policy_engine.replay.seeds import seeds_of
from policy_engine.replay.witnesses import witnessed
from policy_engine.state.open import file_of

_COMPLAINTS = 20


class _Quantity(click.ParamType[Decimal]):
    """A share or an amount of money, as in a policy."""

    def __init__(self, kind: Kind, name: str) -> None:
        self.name = name
        self._kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The number, or wrong usage."""
        if isinstance(value, Decimal):
            return value
        try:
            return parse_quantity(value, self._kind)
        except QuantityError as problem:
            self.fail(f"`{value}`: {problem.reason}", param, ctx)


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--requests", metavar="FILE", type=READABLE, help="Traffic to try: JSON Lines or Parquet; `-` is stdin.")
@click.option("--ledger", metavar="URL", help="Traffic to try: what a ledger has kept.")
@click.option("--since", metavar="DURATION", type=_Quantity(Kind.DURATION, "duration"), help="Of the ledger, `7d`.")
@click.option(
    "--fail-above-moved",
    metavar="SHARE",
    type=_Quantity(Kind.SHARE, "share"),
    help="End with 1 if more requests are decided differently, such as `5%`.",
)
@click.option(
    "--fail-above-cost",
    metavar="USD",
    type=_Quantity(Kind.MONEY, "amount"),
    help="End with 1 if the estimate rises by more on these requests, such as `$10`.",
)
@click.option("--jobs", metavar="N", type=click.IntRange(1), default=1, help="Decide in so many processes.")
@out_option
@resume_option
@env_option
@format_option("text", "json", "markdown")
@with_console
def command(
    old: str,
    new: str,
    requests: str | None,
    ledger: str | None,
    since: Decimal | None,
    fail_above_moved: Decimal | None,
    fail_above_cost: Decimal | None,
    jobs: int,
    out: Path | None,
    resume: bool,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Show what changes between two versions of policies. Nothing is called.

    OLD and NEW are folders, or git:REVISION:FOLDER. Rules that differ are listed with a request that shows it. With
    --requests or --ledger, that traffic is decided by both: which requests move, the first test or rule that parts
    them, from which tier to which, and what that costs. With --out a row for each of the requests goes to a file.

    \b
    policy-engine diff git:main:policies policies --requests examples/requests.jsonl
    policy-engine diff git:main:policies policies --requests r.jsonl --format markdown --fail-above-moved 5%
    """
    _check_usage(requests, ledger, (fail_above_moved, fail_above_cost, since))
    check_out(out, [requests], resume=resume)
    now = datetime.now(UTC)
    with ExitStack() as stack:
        folders = [version_folder(place, stack) for place in (old, new)]
        sets = [open_policies(folder, env=env, console=console) for folder in folders]
        pair = Pair(sets[0], sets[1], now=now)
        origins = [origin_of(folder, found, env=env) for folder, found in zip(folders, sets, strict=True)]
        if ledger is not None:
            traffic: Traffic | None = _of_ledger(ledger, since, pair, now)
        elif requests is None:
            traffic = None
        else:
            steps = _steps(requests, pair, origins, now, out, jobs=jobs, resume=resume)
            traffic = _traffic(requests, steps, out, console)
        seeds = tuple(seeds_of(sets, folders))
    difference = _difference((old, new), sets, pair, seeds, traffic)
    console.data(_printed(difference, form, console))
    failed = traffic is not None and _judged(traffic, fail_above_moved, fail_above_cost, requests or "", console)
    if failed:
        console.end(FOUND)


def _check_usage(requests: str | None, ledger: str | None, needy: tuple[Decimal | None, ...]) -> None:
    if requests is not None and ledger is not None:
        raise click.UsageError("give --requests or --ledger, not both")
    if requests is None and ledger is None and any(value is not None for value in needy):
        raise click.UsageError("--fail-above-moved, --fail-above-cost and --since need --requests or --ledger")


def _difference(
    places: tuple[str, str], sets: list[PolicySet], pair: Pair, seeds: tuple[Any, ...], traffic: Traffic | None
) -> Difference:
    old, new = ((place, found.revision) for place, found in zip(places, sets, strict=True))
    return Difference(old=old, new=new, shown=witnessed(pair, seeds), declared=declared_between(*sets), traffic=traffic)


def _printed(difference: Difference, form: str, console: Console) -> str:
    if form == "json":
        return to_json(difference_json(difference), indent=2)
    if form == "markdown":
        return render_markdown(difference).rstrip("\n")
    return render_difference(difference, style=console.style, width=console.width)


def _steps(
    requests: str, pair: Pair, origins: list[Origin], now: datetime, out: Path | None, *, jobs: int, resume: bool
) -> Iterator[Traffic]:
    if out is not None:
        differing = Differing(old=origins[0], new=origins[1], now=now)
        return differ_file(requests, differing, Target(path=out), jobs=jobs, resume=resume)
    if requests == "-":
        return _all(compare_lines(_stdin_lines(requests), pair))
    return _all(compare_file(requests, *origins, now=now, jobs=jobs))


def _traffic(requests: str, steps: Iterator[Traffic], out: Path | None, console: Console) -> Traffic:
    traffic = Traffic()
    total = None if requests == "-" or not requests.endswith(".jsonl") else Path(requests).stat().st_size
    with closing(console.progress(total=total)) as progress:
        try:
            for traffic in steps:
                progress.show(traffic.lines, amount=traffic.size_bytes)
        except (PoliciesChanged, PartsDiffer, MissingExtra, OSError, ValueError) as problem:
            raise Failure(str(problem)) from None
        except KeyboardInterrupt:
            progress.close()
            if out is not None:
                console.complain(f"interrupted after {counted(traffic.lines, 'line')}; go on with --resume")
            raise
    if out is not None:
        console.say(f"{counted(traffic.moves.requests + len(traffic.complaints), 'row')} in `{out}`")
    return traffic


def _all(steps: Iterator[Traffic]) -> Iterator[Traffic]:
    """Every stage, the last one too, which a generator returns."""
    yield (yield from steps)  # type: ignore[misc, func-returns-value]  # both are traffic


def _stdin_lines(name: str) -> Iterator[tuple[str, int, bytes]]:
    with click.open_file(name, "rb") as file:
        for line in lines_of(file):
            yield name_of(name), line.number, line.content


def _of_ledger(address: str, since: Decimal | None, pair: Pair, now: datetime) -> Traffic:
    since_s = None if since is None else now.timestamp() - float(since)
    try:
        with closing(Reader(file_of(address))) as reader:
            return compare_records(reader.records(since_s=since_s), pair)
    except (FileNotFoundError, StateError, ValueError) as problem:
        raise NotLoaded(str(problem)) from None


def _judged(
    traffic: Traffic, most_moved: Decimal | None, most_usd: Decimal | None, name: str, console: Console
) -> bool:
    """Tells lines that are no requests and thresholds that are passed; whether there is any such."""
    failed = bool(traffic.complaints)
    for one in traffic.complaints[:_COMPLAINTS]:
        console.error(f"{visible(name_of(name))}:{one.line}: {visible(one.reason)}")
    if traffic.complaints:
        console.complain(f"{counted(len(traffic.complaints), 'line')} could not be decided")
    for said in _passed(traffic.moves, most_moved, most_usd):
        console.error(said)
        failed = True
    return failed


def _passed(moves: Moves, most_moved: Decimal | None, most_usd: Decimal | None) -> Iterator[str]:
    if most_moved is not None and Decimal(moves.moved) > most_moved * moves.requests:
        yield f"{moves.share:.1%} of requests are decided differently, more than {float(most_moved):.1%}"
    if most_usd is not None and moves.delta_usd > most_usd:
        yield f"the estimate rises by {dollars(moves.delta_usd)}, more than {dollars(most_usd)}"
