"""`policy-engine cache`: what caches hold, and entries removed, after a look at which."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click

from policy_engine.cli.console import Console, Failure, with_console
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import env_option, folder_argument, format_option, state_option
from policy_engine.cli.render.machine import to_json
from policy_engine.errors import EmbedderError, MissingExtra, StateError
from policy_engine.model.calibration import NEVER
from policy_engine.signals.caches.caches import Caches
from policy_engine.signals.caches.entry import Entry
from policy_engine.signals.embedders.endpoint import Endpoints
from policy_engine.signals.embedders.named import Embedders
from policy_engine.state.open import open_state


@click.command()
@folder_argument
@state_option("Where the entries are: sqlite:///FILE or a path.")
@click.option("--cache", "name", metavar="NAME", help="One cache only.")
@click.option("--tag", metavar="TAG", help="Entries whose decision had this tag.")
@click.option("--revision", metavar="REV", help="Entries of policies whose revision begins like this.")
@click.option("--remove", is_flag=True, help="Show which entries would be removed.")
@click.option("--yes", is_flag=True, help="With --remove: do remove them.")
@env_option
@format_option("text", "json")
@with_console
def command(
    folder: Path,
    state: str | None,
    name: str | None,
    tag: str | None,
    revision: str | None,
    remove: bool,
    yes: bool,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Show what the caches of the policies in DIR hold, or remove entries.

    With --remove it says which entries of a cache, of a tag or of a revision would go; with --yes they do. Processes
    that serve from the same state forget them within a second.

    \b
    policy-engine cache policies --state state.db
    policy-engine cache policies --state state.db --cache support --tag pricing --remove --yes
    """
    if state is None:
        raise click.UsageError("give --state URL, where the entries are")
    if remove and not (name or tag or revision):
        raise click.UsageError("say what to remove by --cache, --tag or --revision")
    declarations = open_policies(folder, env=env, console=console).declarations
    if name is not None and name not in declarations.caches:
        raise click.BadParameter(f"there is no cache `{name}`", param_hint="'--cache'")
    now_s = time.time()
    with closing(open_state(state)) as kept:
        embedders = Embedders(endpoint_of=Endpoints(declarations).of)
        caches = Caches(declarations, state=kept, embedders=embedders)
        try:
            rows = [
                _row(caches, one, tag=tag, revision=revision, remove=remove and yes, now_s=now_s)
                for one in caches.names()
                if name in (None, one)
            ]
        except (EmbedderError, MissingExtra, StateError) as error:
            raise Failure(str(error)) from None
    if form == "json":
        console.data(to_json({"caches": rows, "removed": remove and yes}, indent=2))
        return
    console.data("\n".join(_lines(rows)))
    if remove:
        total = sum(int(str(row["matching"])) for row in rows)
        done = "removed" if yes else "would be removed; add --yes to do it"
        console.data(f"{_entries(total)} {done}")


def _row(
    caches: Caches, name: str, *, tag: str | None, revision: str | None, remove: bool, now_s: float
) -> dict[str, object]:
    cache = caches.cache(name)
    entries = tuple(cache.entries(now_s=now_s))
    matching = [entry for entry in entries if _is_meant(entry, tag, revision)]
    if remove:
        cache.remove(tuple(entry.id for entry in matching), now_s=now_s)
    realised = cache.realised(now_s=now_s)
    return {
        "cache": name,
        "entries": len(entries),
        "matching": len(matching),
        "threshold": None if realised.threshold >= NEVER else realised.threshold,
        "checked": realised.checked,
        "wrong": realised.wrong,
        "reason": cache.settings.reason,
    }


def _is_meant(entry: Entry, tag: str | None, revision: str | None) -> bool:
    digest = (revision or "").removeprefix("sha256:")
    is_tagged = tag is None or tag in entry.tags
    return is_tagged and entry.revision.removeprefix("sha256:").startswith(digest)


def _lines(rows: list[dict[str, object]]) -> Iterator[str]:
    for row in rows:
        checked = f"{row['wrong']} of {row['checked']} checked hits wrong" if row["checked"] else "no hit checked"
        threshold = f"threshold {row['threshold']:g}" if row["threshold"] is not None else "no threshold"
        why = f" ({row['reason']})" if row["reason"] else ""
        yield f"{row['cache']}: {_entries(int(str(row['entries'])))}, {threshold}{why}, {checked}"


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
