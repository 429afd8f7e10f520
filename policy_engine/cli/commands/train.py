"""`policy-engine train`: a small text classifier from labelled lines, from outcomes, or from what a ledger holds."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import click

from policy_engine.advisor.training.examples import Example, Naming, read_examples
from policy_engine.advisor.training.misroutes import Lessons, lessons_of
from policy_engine.advisor.training.train import TooLittle, train
from policy_engine.cli.console import Console, Failure, with_console
from policy_engine.cli.opening import open_declarations
from policy_engine.cli.options import READABLE, env_option, folder_argument, format_option, ledger_option, name_of
from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.text import counted
from policy_engine.cli.render.training import render_training, training_json
from policy_engine.cli.writing import write_file
from policy_engine.errors import EmbedderError, MissingExtra, StateError
from policy_engine.ledger.read import Reader
from policy_engine.loader.faults import missing_file
from policy_engine.model.policy import Declarations, Setting
from policy_engine.signals.embedders.named import Embedders
from policy_engine.signals.embedders.protocol import Embedder
from policy_engine.state.open import file_of

# Told of the very files that are about to be made.
_CANNOT_WAIT = frozenset(("PE343", "PE344", missing_file.CODE))


@click.command()
@folder_argument
@click.option(
    "--labels",
    metavar="FILE",
    type=READABLE,
    help='JSON Lines: {"text", "label"} each; `outcomes` beside or in place of a label. `-` is standard input.',
)
@ledger_option("Learn from answers that gates accepted, written down there.")
@click.option("--classifier", "name", metavar="NAME", help="Which of the policies' classifiers, where there are more.")
@click.option("--embedder", "embedder_name", metavar="NAME", help="A local embedder whose vectors it reads too.")
@env_option
@format_option("text", "json")
@with_console
def command(
    folder: Path,
    labels: str | None,
    ledger: str | None,
    name: str | None,
    embedder_name: str | None,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Train a classifier that the policies in DIR declare, and write its file.

    It says how good the classifier is on texts that it was not trained on, label by label, and how far its scores can
    be believed. Where outcomes of models are known it also says what routing by it is worth, beside the length of the
    prompt and a table by task. A ledger teaches labels that are tiers: messages with the tier that was accepted.

    \b
    policy-engine train policies --labels labelled.jsonl
    policy-engine train policies --labels labelled.jsonl --ledger ledger.db
    """
    if labels is None and ledger is None:
        raise click.UsageError("give --labels FILE, --ledger URL, or both")
    declarations = open_declarations(folder, env=env, console=console, without=_CANNOT_WAIT)
    setting = _setting(name, declarations)
    naming = Naming(labels=tuple(map(str, setting.value["labels"])), tiers=_tiers(declarations))
    examples = [*_labelled(labels, naming), *_learned(ledger, naming, console)]
    embedder = None if embedder_name is None else _embedder(embedder_name, declarations)
    try:
        training = train(examples, naming, today=date.today(), embedder=embedder)
    except TooLittle as problem:
        raise Failure(str(problem)) from None
    except (EmbedderError, MissingExtra) as problem:
        raise Failure(str(problem)) from None
    path = str(setting.value["file"])
    content = training.classifier.to_text()
    write_file(folder / path, content)
    if form == "json":
        console.data(to_json(training_json(training, path=path), indent=2))
    else:
        console.data(render_training(training, path=path, size_bytes=len(content.encode()), style=console.style))


def _setting(name: str | None, declarations: Declarations) -> Setting:
    known = declarations.classifiers
    if not known:
        help = "write `classifiers: {complexity: {file: classifiers/complexity.json, labels: [..]}}`"
        raise Failure(f"the policies declare no classifier; {help}")
    names = ", ".join(f"`{one}`" for one in known)
    if name is None and len(known) > 1:
        raise click.UsageError(f"say which by --classifier: {names}")
    setting = known.get(name or next(iter(known)))
    if setting is None:
        raise click.BadParameter(f"there is no classifier `{name}`; there are: {names}", param_hint="'--classifier'")
    return setting


def _tiers(declarations: Declarations) -> dict[str, str]:
    """The tier of each model, the first that has it."""
    tiers: dict[str, str] = {}
    for tier in declarations.tiers.values():
        for model in tier.models:
            tiers.setdefault(model, tier.name)
    return tiers


def _labelled(path: str | None, naming: Naming) -> tuple[Example, ...]:
    if path is None:
        return ()
    with click.open_file(path, encoding="utf-8") as file:
        try:
            return read_examples(file, naming)
        except UnicodeDecodeError:
            raise Failure(f"{visible(name_of(path))}: it is no text in UTF-8") from None
        except ValueError as problem:
            raise Failure(f"{visible(name_of(path))}: {visible(str(problem))}") from None


def _learned(address: str | None, naming: Naming, console: Console) -> tuple[Example, ...]:
    if address is None:
        return ()
    try:
        with closing(Reader(file_of(address))) as reader:
            lessons = lessons_of(reader.records(), naming)
    except (FileNotFoundError, StateError) as problem:
        raise Failure(str(problem)) from None
    console.say(_said(lessons))
    return lessons.examples


def _said(lessons: Lessons) -> str:
    taught = f"the ledger teaches {counted(len(lessons.examples), 'example')}, {lessons.misroutes:,} of them misroutes"
    more = []
    if lessons.unaccepted:
        more.append(f"{counted(lessons.unaccepted, 'misroute')} that no tier answered well enough")
    if lessons.untold:
        more.append(f"{counted(lessons.untold, 'request')} whose message was not kept (`log: full` keeps it)")
    return f"{taught}; left out: {' and '.join(more)}" if more else taught


def _embedder(name: str, declarations: Declarations) -> Embedder:
    if name.partition("/")[0] in declarations.providers:
        raise Failure(f"embedder `{name}` is a provider's; a classifier reads vectors that are made on this machine")
    try:
        return Embedders().get(name)
    except (EmbedderError, MissingExtra) as problem:
        raise Failure(str(problem)) from None
