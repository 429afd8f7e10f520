"""When cascades pay, as text and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.executor.break_even import TYPICAL, BreakEven

_COLUMNS = (
    Column(title="cascade", elastic=True),
    Column(title="step", right=True),
    Column(title="asks", elastic=True),
    Column(title="before", elastic=True),
    Column(title="judged by", elastic=True),
    Column(title="pays below", right=True),
    Column(title="limit", right=True),
)


def render_break_evens(pairs: Sequence[BreakEven], *, style: Style = PLAIN, width: int | None = None) -> str:
    """A table of the escalation rates up to which each step is cheaper than the next model alone."""
    size = f"{TYPICAL.input_tokens:,} tokens in and {TYPICAL.output_tokens:,} out"
    title = f"cascades pay while fewer answers than this escalate, for calls of {size}"
    table = render_table(_COLUMNS, [_row(pair) for pair in pairs], style=style, width=width)
    lines = "\n".join(f"   {line}" for line in table.splitlines())
    return f"{style.paint(title, Ink.BOLD)}\n\n{lines}"


def break_evens_json(pairs: Sequence[BreakEven]) -> list[dict[str, Any]]:
    """The same for programs: shares of 1, null where a price is unknown."""
    return [
        {
            "cascade": pair.cascade,
            "step": pair.step,
            "cheap": pair.cheap,
            "dear": pair.dear,
            "judges": list(pair.judges),
            "rate": pair.rate,
            "limit": pair.limit,
        }
        for pair in pairs
    ]


def _row(pair: BreakEven) -> tuple[str, ...]:
    rate = "unknown" if pair.rate is None else "never" if pair.rate == 0 else f"{pair.rate:.1%}"
    limit = "-" if pair.limit is None else f"{pair.limit:.1%}"
    return (
        pair.cascade,
        str(pair.step + 1),
        pair.cheap,
        pair.dear,
        ", ".join(pair.judges) or "-",
        rate,
        limit,
    )
