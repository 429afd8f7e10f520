"""`policy-engine calibrate`: the similarity from which a cache's hits are right often enough."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import date
from pathlib import Path

import click

from policy_engine.cli.console import FOUND, Console, Failure, with_console
from policy_engine.cli.opening import open_declarations
from policy_engine.cli.options import READABLE, env_option, folder_argument, name_of, state_option
from policy_engine.cli.writing import write_file
from policy_engine.errors import EmbedderError, MissingExtra, StateError
from policy_engine.loader.faults import missing_file
from policy_engine.model.calibration import Calibration
from policy_engine.model.policy import Declarations, Setting
from policy_engine.signals.caches.cache import KeptCache
from policy_engine.signals.caches.calibrate import Refusal
from policy_engine.signals.caches.calibrating import calibrated
from policy_engine.signals.caches.checks import Check
from policy_engine.signals.caches.labels import Labels, read_labels
from policy_engine.signals.caches.settings import CacheSettings, read_settings
from policy_engine.signals.embedders.endpoint import Endpoints
from policy_engine.signals.embedders.named import Embedders
from policy_engine.signals.embedders.protocol import Embedder
from policy_engine.state.open import open_state

_CANNOT_WAIT = frozenset(("PE341", missing_file.CODE))


@click.command()
@folder_argument
@click.option("--cache", "name", metavar="NAME", required=True, help="Which of the policies' caches.")
@click.option(
    "--labels", metavar="FILE", type=READABLE, help='JSON Lines: {"text", "label"} each, or {"a", "b", "same"} each.'
)
@state_option("Use the hits that were checked while serving, kept there.")
@env_option
@with_console
def command(folder: Path, name: str, labels: str | None, state: str | None, env: str | None, console: Console) -> None:
    """
    Find the threshold that keeps a cache's `max_wrong_hit_rate`, and write it with its evidence.

    Texts with one label want one answer; they are replayed as traffic. The file is the cache's `calibration`, or
    caches/NAME.json in DIR. It ends with 1, and writes nothing, where no threshold can be told; it then says how many
    more labels are needed.

    \b
    policy-engine calibrate policies --cache support --labels questions.jsonl
    """
    if labels is None and state is None:
        raise click.UsageError("give --labels FILE, --state URL, or both")
    declarations = open_declarations(folder, env=env, console=console, without=_CANNOT_WAIT)
    setting = _setting(name, declarations)
    settings = read_settings(setting, declarations.assets)
    if settings.max_wrong_hit_rate is None:
        raise Failure(f"cache `{name}` states no `max_wrong_hit_rate`; write one, such as `max_wrong_hit_rate: 5%`")
    try:
        embedder = Embedders(endpoint_of=Endpoints(declarations).of).get(settings.embedder or "")
        checks = () if state is None else _checked(settings, embedder, state)
        result = calibrated(
            settings,
            embedder,
            _labels(labels),
            max_wrong_hit_rate=settings.max_wrong_hit_rate,
            checks=checks,
            today=date.today(),
        )
    except (EmbedderError, MissingExtra, StateError) as error:
        raise Failure(str(error)) from None
    if isinstance(result, Refusal):
        console.error(f"no threshold: {result.reason}")
        console.say(_hint(result))
        console.end(FOUND)
    path = str(setting.value.get("calibration") or f"caches/{name}.json")
    write_file(folder / path, result.to_text())
    console.data(_text(result, path))
    if "calibration" not in setting.value:
        console.say(f"now add `calibration: {path}` to cache `{name}`")


def _setting(name: str, declarations: Declarations) -> Setting:
    setting = declarations.caches.get(name)
    semantic = [known for known, cache in declarations.caches.items() if cache.value.get("kind") == "semantic"]
    if setting is None or name not in semantic:
        known = ", ".join(f"`{known}`" for known in semantic) or "none"
        raise click.BadParameter(f"there is no semantic cache `{name}`; there are: {known}", param_hint="'--cache'")
    return setting


def _labels(path: str | None) -> Labels:
    if path is None:
        return Labels()
    with click.open_file(path, encoding="utf-8") as file:
        try:
            return read_labels(file)
        except (ValueError, UnicodeDecodeError) as problem:
            raise Failure(f"{name_of(path)}: {problem}") from None


def _checked(settings: CacheSettings, embedder: Embedder, address: str) -> tuple[Check, ...]:
    with closing(open_state(address)) as state:
        return KeptCache(settings, state, embedder).checks(now_s=time.time())


def _hint(refusal: Refusal) -> str:
    if refusal.labels_needed is None:
        return "more labels will not change that; allow a higher rate, or use a better embedder"
    return f"about {refusal.labels_needed:,} more labels are needed; until then every lookup is a miss"


def _text(found: Calibration, path: str) -> str:
    share = found.wrong / found.hits
    return "\n".join(
        [
            f"threshold  {found.threshold:g}, for embedder {found.embedder}",
            f"evidence   {found.hits:,} of {found.pairs:,} pairs are hits, {found.wrong:,} of them wrong ({share:.1%})",
            f"surely     at most {found.wrong_rate_bound:.1%} wrong, with {found.confidence:.0%} confidence",
            f"written    {path}",
        ]
    )
