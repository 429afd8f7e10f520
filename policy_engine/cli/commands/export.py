"""`policy-engine export`: what a ledger holds, as files for other tools."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import click

from policy_engine.cli.console import Console, Failure, with_console
from policy_engine.cli.options import format_option, ledger_option
from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.progress import Progress
from policy_engine.cli.render.text import counted
from policy_engine.errors import MissingExtra, StateError
from policy_engine.ledger.export import export_parquet, json_line
from policy_engine.ledger.read import Reader
from policy_engine.ledger.record import Record
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.model.request import read_moment
from policy_engine.state.open import file_of


def _moment(_context: click.Context, _parameter: click.Parameter, written: str | None) -> float | None:
    """Unix seconds for a moment, or for a duration before now."""
    if written is None:
        return None
    try:
        return time.time() - float(parse_quantity(written, Kind.DURATION))
    except QuantityError:
        pass
    try:
        return read_moment(written).timestamp()
    except ValueError:
        raise click.BadParameter(
            f"`{written}` is neither a duration such as 7d nor a moment such as 2026-11-23"
        ) from None


@click.command()
@ledger_option("The ledger: sqlite:///FILE or a path.", required=True)
@click.option("--out", metavar="PATH", required=True, help="A folder for Parquet; a file or `-` for JSON Lines.")
@click.option("--since", metavar="WHEN", callback=_moment, help="From then on: 7d (so long ago), or 2026-11-23.")
@click.option("--until", metavar="WHEN", callback=_moment, help="Before then, in the same form.")
@format_option("parquet", "jsonl")
@with_console
def command(ledger: str, out: str, since: float | None, until: float | None, form: str, console: Console) -> None:
    """
    Write what a ledger holds to files for other tools.

    Parquet is two files in a folder, requests.parquet and calls.parquet. JSON Lines has one request with its calls on
    each line. The ledger may be in use meanwhile.

    \b
    policy-engine export --ledger ledger.db --out calls/ --since 7d
    policy-engine export --ledger sqlite:////var/lib/ledger.db --format jsonl --out -
    """
    try:
        reader = Reader(file_of(ledger))
    except FileNotFoundError as problem:
        raise Failure(str(problem)) from None
    with closing(reader), closing(console.progress(total=None)) as progress:
        records = _Counted(reader.records(since_s=since, until_s=until), progress)
        try:
            places = _to_parquet(records, out) if form == "parquet" else _to_lines(records, out)
        except (StateError, MissingExtra) as problem:
            raise Failure(str(problem)) from None
        except OSError as problem:
            raise Failure(f"`{visible(out)}` cannot be written: {problem.strerror}") from None
    console.say(f"{counted(records.seen, 'request')} in {places}")


def _to_parquet(records: Iterable[Record], out: str) -> str:
    """Writes Parquet, and says where."""
    if out == "-":
        raise click.UsageError("Parquet is written to a folder; name one, or ask for --format jsonl")
    return " and ".join(f"`{visible(str(path))}`" for path in export_parquet(records, out))


def _to_lines(records: Iterable[Record], out: str) -> str:
    """Writes JSON Lines, and says where."""
    if out != "-":
        Path(out).parent.mkdir(parents=True, exist_ok=True)
    with click.open_file(out, "w", encoding="utf-8") as file:
        file.writelines(json_line(record) + "\n" for record in records)
    return f"`{visible(out)}`" if out != "-" else "standard output"


class _Counted:
    """Passes records on, counts them, and shows how many they were."""

    def __init__(self, records: Iterable[Record], progress: Progress) -> None:
        self.seen = 0
        self._records = records
        self._progress = progress

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.seen += 1
            self._progress.show(self.seen)
            yield record
