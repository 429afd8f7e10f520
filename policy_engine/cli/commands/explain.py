"""`policy-engine explain`: the manual page of a diagnostic, or the list of them all."""

from __future__ import annotations

from dataclasses import asdict

import click

from policy_engine.cli.console import Console, with_console
from policy_engine.cli.manual import Page, closest_word, find_page, read_manual
from policy_engine.cli.options import format_option
from policy_engine.cli.render.machine import to_json
from policy_engine.cli.render.style import Ink, Style
from policy_engine.cli.render.table import Column, render_table

_HEADINGS = ("Avoid:", "Prefer:", "Why:")


def _complete(_ctx: click.Context, _option: click.Parameter, typed: str) -> list[str]:
    words = [word for page in read_manual().values() for word in (page.code, page.name)]
    return [word for word in words if word.lower().startswith(typed.lower())]


@click.command()
@click.argument("code", required=False, shell_complete=_complete)
@format_option("text", "json")
@with_console
def command(code: str | None, form: str, console: Console) -> None:
    """
    Show the manual page of the diagnostic CODE, such as `PE301` or `unknown-tier`.

    Without CODE, all of them are listed.
    """
    manual = read_manual()
    if code is None:
        pages = list(manual.values())
        console.data(to_json([asdict(page) for page in pages], indent=2) if form == "json" else _list(pages, console))
        return
    page = find_page(manual, code)
    if page is None:
        meant = closest_word(manual, code)
        said = f"did you mean `{meant}`?" if meant else "`policy-engine explain` lists them all"
        raise click.UsageError(f"no diagnostic is called `{code}`; {said}")
    console.data(to_json(asdict(page), indent=2) if form == "json" else _page(page, console.style))


def _list(pages: list[Page], console: Console) -> str:
    columns = (Column(title="code"), Column(title="name"), Column(title="means", elastic=True))
    rows = [(page.code, page.name, page.summary) for page in pages]
    return render_table(columns, rows, style=console.style, width=console.width)


def _page(page: Page, style: Style) -> str:
    lines = [style.paint(f"{page.code} {page.name}", Ink.BOLD), ""]
    for line in page.text.splitlines():
        lines.append(style.paint(line, Ink.CYAN) if line in _HEADINGS else line)
    return "\n".join(lines)
