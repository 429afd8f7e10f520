"""`policy-engine complete`: one request decided and carried out."""

from __future__ import annotations

from pathlib import Path

import click

from policy_engine.cli.console import CLEAN, FOUND, Console, with_console
from policy_engine.cli.describing import Described, request_options
from policy_engine.cli.keeper import Keeper
from policy_engine.cli.opening import open_policies
from policy_engine.cli.options import env_option, folder_argument, format_option, ledger_option, state_option
from policy_engine.cli.render.cells import glyphs_of, visible
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.outcomes import outcome_line
from policy_engine.executor.carrier import Carrier
from policy_engine.model.outcome import Outcome, Status
from policy_engine.model.request import Request


@click.command()
@folder_argument
@request_options
@click.option("--stream", is_flag=True, help="Print the answer as it comes.")
@state_option("Count budgets and sessions there: sqlite:///FILE or a path. Left out, nothing is kept.")
@ledger_option("Write down there what happened: sqlite:///FILE or a path.")
@env_option
@format_option("text", "json")
@with_console
def command(
    folder: Path,
    described: Described,
    stream: bool,
    state: str | None,
    ledger: str | None,
    env: str | None,
    form: str,
    console: Console,
) -> None:
    """
    Decide one request with the policies in DIR, and carry the decision out.

    This calls models: it needs their keys, and costs what they cost. The answer goes to standard output, a line about
    it to standard error. It ends with 1 if there is no answer, because of a failure or because the policies refuse.

    \b
    policy-engine complete policies --task faq --input "What are your opening hours?" --attribute plan=pro
    """
    if described.is_empty:
        raise click.UsageError("describe the request by --task, --input and --attribute")
    if stream and form == "json":
        raise click.UsageError("--stream prints text; leave out --format json, which is printed whole")
    policy_set = open_policies(folder, env=env, console=console)
    request = described.request(policy_set.declarations.attributes)
    with Keeper(state=state, ledger=ledger, console=console) as keeper:
        carrier = keeper.carriers.carrier_of(policy_set)
        outcome = _streamed(carrier, request, console) if stream else carrier.complete(request)
    if form == "json":
        console.data(to_json(outcome.to_json(), indent=2))
    elif not stream:
        console.data(_safe(outcome.text, console))
    console.end(_told(outcome, console))


def _streamed(carrier: Carrier, request: Request, console: Console) -> Outcome:
    """Prints an answer in pieces, and a last line break."""
    text = ""
    with carrier.stream(request) as answer:
        for chunk in answer:
            console.piece(_safe(chunk.text, console))
            text += chunk.text
    console.piece("\n" if text else "")
    if answer.outcome is None:
        raise RuntimeError("a stream that was read to its end has no outcome")
    return answer.outcome


def _safe(text: str, console: Console) -> str:
    """A model's text as it is for a program, and for a terminal with nothing in it that would steer that."""
    return text if console.width is None else "\n".join("".join(glyphs_of(line)) for line in text.split("\n"))


def _told(outcome: Outcome, console: Console) -> int:
    """Says what became of the request, and gives the exit code."""
    has_failed = outcome.status in (Status.FAILED, Status.DENIED)
    if has_failed:
        console.error(visible(outcome.error or "there is no answer"))
    console.say(outcome_line(outcome))
    return FOUND if has_failed else CLEAN
