"""What a change of policies changes: for people at a terminal, for a pull request, and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.decisions import DEFAULT
from policy_engine.cli.render.money import decimals_for_sum, dollars
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.table import Column, render_table
from policy_engine.cli.render.text import counted
from policy_engine.compiler.view import outcome_text
from policy_engine.model.decision import Decision
from policy_engine.replay.causes import Cause
from policy_engine.replay.changes import Declared, Kind
from policy_engine.replay.compare import Traffic
from policy_engine.replay.deeds import told
from policy_engine.replay.moves import Group, Moves
from policy_engine.replay.witnesses import Shown

_NOT_SHOWN = "changed, no differing request found"
_LONGEST = 300
_ROWS = 30
_MOST_CHARACTERS = 50_000
"""Of the rules in a comment; GitHub holds 65,536 in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """All there is to say about two versions; `old` and `new` are where they come from, as (place, revision)."""

    old: tuple[str, str]
    new: tuple[str, str]
    shown: tuple[Shown, ...]
    declared: tuple[Declared, ...]
    traffic: Traffic | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the versions mean the same, as far as can be seen."""
        moved = self.traffic is not None and self.traffic.moves.moved
        return not self.shown and not self.declared and not moved


def difference_json(difference: Difference) -> dict[str, Any]:
    """The difference in the shape of schema diff.v1."""
    traffic = difference.traffic
    return {
        "old": dict(zip(("place", "revision"), difference.old, strict=True)),
        "new": dict(zip(("place", "revision"), difference.new, strict=True)),
        "changes": [_change_json(one) for one in difference.shown],
        "declarations": [
            {"section": one.section, "name": one.name, "kind": one.kind.value} for one in difference.declared
        ],
        "traffic": None if traffic is None else _traffic_json(traffic),
    }


def _change_json(one: Shown) -> dict[str, Any]:
    change, witness = one.change, one.witness
    written: dict[str, Any] = {"kind": change.kind.value, "rule": change.rule, "details": list(change.details)}
    if witness is None:
        return {**written, "witness": None}
    old, new = effects(witness.before, witness.after)
    return {**written, "witness": {"request": dict(witness.request), "old": old, "new": new}}


def _traffic_json(traffic: Traffic) -> dict[str, Any]:
    moves, interval = traffic.moves, traffic.moves.interval()
    return {
        "requests": moves.requests,
        "moved": moves.moved,
        "share": moves.share,
        "other_rule": moves.renamed,
        "malformed": len(traffic.complaints),
        "left_out": sum(traffic.left_out.values()),
        "causes": [_cause_json(cause, group) for cause, group in moves.by_size()],
        "tiers": [{"old": old, "new": new, "requests": count} for (old, new), count in moves.tiers.most_common()],
        "cost_usd": {
            "old": float(moves.old_usd),
            "new": float(moves.new_usd),
            "delta": float(moves.delta_usd),
            "low": None if interval is None else interval.low,
            "high": None if interval is None else interval.high,
            "unpriced": moves.unpriced,
        },
    }


def _cause_json(cause: Cause, group: Group) -> dict[str, Any]:
    return {
        "why": cause.why.value,
        "rule": cause.rule,
        "said": cause.said,
        "requests": group.requests,
        "delta_usd": float(group.delta_usd),
        "examples": list(group.examples),
    }


def render_difference(difference: Difference, *, style: Style = PLAIN, width: int | None = None) -> str:
    """The difference for a terminal."""
    if difference.is_empty and difference.traffic is None:
        return "no differences"
    parts = [] if difference.traffic is None else list(_traffic_parts(difference.traffic, style, width))
    changes = [_change_text(one, style) for one in difference.shown]
    if changes:
        parts.append("\n".join([style.paint("rules", Ink.BOLD), *changes]))
    if difference.declared:
        listed = [f"  {_sign(one.kind)} {one.section}: {visible(one.name)}" for one in difference.declared]
        parts.append("\n".join([style.paint("declarations", Ink.BOLD), *listed]))
    if not changes and not difference.declared:
        parts.append("no differences between the policies themselves")
    return "\n\n".join(parts)


def _traffic_parts(traffic: Traffic, style: Style, width: int | None) -> Iterator[str]:
    moves = traffic.moves
    yield "\n".join([style.paint(headline(moves), Ink.BOLD), *filter(None, (cost_line(moves), *_asides(traffic)))])
    if moves.groups:
        columns = (
            Column(title="cause", elastic=True),
            Column(title="requests", right=True),
            Column(title="est. cost", right=True),
            Column(title="such as", elastic=True),
        )
        rows = [
            [cause_text(cause), *_numbers(group, moves), ", ".join(group.examples)] for cause, group in _most(moves)
        ]
        yield render_table(columns, rows, style=style, width=width) + _more(len(moves.groups))
    if moves.tiers:
        tiers = (Column(title="from"), Column(title="to"), Column(title="requests", right=True))
        yield render_table(tiers, _tier_rows(moves), style=style, width=width)


def headline(moves: Moves) -> str:
    """How many requests move."""
    if not moves.moved:
        return f"none of {counted(moves.requests, 'request')} is decided differently"
    are = "is" if moves.moved == 1 else "are"
    return f"{moves.moved:,} of {counted(moves.requests, 'request')} ({moves.share:.1%}) {are} decided differently"


def cost_line(moves: Moves) -> str:
    """What the first calls cost, before and after, and between what the difference may lie."""
    if moves.unpriced == moves.requests:
        return ""
    decimals = decimals_for_sum([moves.old_usd, moves.new_usd])
    said = f"estimated {dollars(moves.old_usd, decimals)} → {dollars(moves.new_usd, decimals)} for the first calls"
    interval = moves.interval()
    if not moves.delta_usd and (interval is None or interval.low == interval.high):
        return said
    said += f": {_signed(moves.delta_usd, decimals)}"
    if interval is not None:
        low, high = (_signed(Decimal(repr(round(end, 9))), decimals) for end in (interval.low, interval.high))
        said += f", 95% of samples between {low} and {high}"
    return said


def _asides(traffic: Traffic) -> Iterator[str]:
    moves = traffic.moves
    if moves.renamed:
        yield f"{counted(moves.renamed, 'more request')} decided the same by a rule of another name"
    if moves.unpriced:
        yield f"{counted(moves.unpriced, 'request')} not priced, since a price is unknown"
    for reason, count in traffic.left_out.items():
        yield f"{counted(count, 'record')} left out: {reason}"


def cause_text(cause: Cause) -> str:
    """A cause in a line: `replies: message.chars <= 300 → message.chars <= 500`."""
    return f"{DEFAULT if cause.rule is None else cause.rule}: {cause.said}"


def _most(moves: Moves) -> list[tuple[Cause, Group]]:
    return moves.by_size()[:_ROWS]


def _cause_rows(moves: Moves) -> list[list[str]]:
    return [[cause_text(cause), *_numbers(group, moves), ", ".join(group.examples)] for cause, group in _most(moves)]


def _more(causes: int) -> str:
    return f"\nand {causes - _ROWS:,} more causes" if causes > _ROWS else ""


def _numbers(group: Group, moves: Moves) -> list[str]:
    decimals = decimals_for_sum([moves.old_usd, moves.new_usd])
    cost = "?" if group.unpriced == group.requests else _signed(group.delta_usd, decimals)
    return [f"{group.requests:,}", cost]


def _signed(amount: Decimal, decimals: int) -> str:
    text = dollars(amount, decimals)
    return f"+{text}" if amount > 0 and text != "$0" else text


def _tier_rows(moves: Moves) -> list[list[str]]:
    return [[old, new, f"{count:,}"] for (old, new), count in moves.tiers.most_common()]


def _change_text(one: Shown, style: Style) -> str:
    change = one.change
    name = DEFAULT if change.rule is None else change.rule
    lines = [f"  {_sign(change.kind)} {style.paint(visible(name), Ink.BOLD)} {change.kind.value}"]
    lines += [f"      {visible(detail)}" for detail in change.details]
    lines += [f"      {line}" for line in _witness_lines(one)]
    return "\n".join(lines)


def _witness_lines(one: Shown) -> list[str]:
    if one.witness is None:
        return [] if one.change.kind is Kind.RENAMED else [_NOT_SHOWN]
    old, new = effects(one.witness.before, one.witness.after)
    return [f"shown by {_request(one.witness.request)}", f"         {old} → {new}"]


def _request(request: Any) -> str:
    text = visible(json.dumps(request, ensure_ascii=False, default=str))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def effects(before: Decision, after: Decision) -> tuple[str, str]:
    """What two decisions do, in as few words as tell them apart."""
    old, new = outcome_text(before.verdict), outcome_text(after.verdict)
    return (old, new) if old != new else (told(before), told(after))


def _sign(kind: Kind) -> str:
    return {Kind.ADDED: "+", Kind.REMOVED: "-"}.get(kind, "~")


def render_markdown(difference: Difference) -> str:
    """The difference as a comment on a pull request."""
    return "\n\n".join(part for part in _markdown(difference) if part) + "\n"


def _markdown(difference: Difference) -> Iterator[str]:
    traffic = difference.traffic
    if traffic is None:
        rules = counted(len(difference.shown), "rule")
        yield f"### Policies: {'no differences' if difference.is_empty else f'{rules} changed'}"
    else:
        yield f"### Policies: {headline(traffic.moves)}"
        yield "\n".join(f"- {line}" for line in (cost_line(traffic.moves), *_asides(traffic)) if line)
        if traffic.moves.groups:
            rows = _cause_rows(traffic.moves)
            yield "**Why**\n\n" + _grid(("cause", "requests", "est. cost", "such as"), rows, right=(1, 2))
            yield _more(len(traffic.moves.groups)).strip()
        if traffic.moves.tiers:
            yield "**Where to**\n\n" + _grid(("from", "to", "requests"), _tier_rows(traffic.moves), right=(2,))
    if difference.shown:
        yield "**Rules**"
        yield "\n".join(_change_items(difference.shown))
    if difference.declared:
        listed = ", ".join(f"{one.section} {_code(one.name)} {one.kind.value}" for one in difference.declared)
        yield f"**Declarations:** {listed}"


def _change_items(shown: Sequence[Shown]) -> Iterator[str]:
    """An item for each rule, as many as a comment holds."""
    left = _MOST_CHARACTERS
    for place, one in enumerate(shown):
        item = _change_item(one)
        left -= len(item) + 1
        if left < 0:
            yield f"- and {counted(len(shown) - place, 'more rule')}"
            return
        yield item


def _change_item(one: Shown) -> str:
    change = one.change
    name = DEFAULT if change.rule is None else change.rule
    lines = [f"- {_code(name)} **{change.kind.value}**"]
    lines += [f"  - {_code(detail)}" for detail in change.details]
    if one.witness is not None:
        old, new = effects(one.witness.before, one.witness.after)
        lines.append(f"  - shown by {_code(_request(one.witness.request))}: {_code(old)} → {_code(new)}")
    elif change.kind is not Kind.RENAMED:
        lines.append(f"  - {_NOT_SHOWN}")
    return "\n".join(lines)


def _grid(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]) -> str:
    rule = ["---:" if place in right else "---" for place in range(len(titles))]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in (titles, rule, *rows))


def _cell(text: str) -> str:
    return visible(text).replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _code(text: str) -> str:
    """Text as code, whatever is in it."""
    text = visible(text)
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{text}{pad}{fence}"
