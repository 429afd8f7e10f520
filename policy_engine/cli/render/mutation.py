"""Changes that no test notices, each with its place and the case that would notice it."""

from __future__ import annotations

from typing import Any

from policy_engine.cli.render.cells import visible
from policy_engine.cli.render.style import PLAIN, Ink, Style
from policy_engine.cli.render.text import counted, place_of
from policy_engine.diagnostics import Span
from policy_engine.loader.bundle import Bundle
from policy_engine.verify.mutate.trial import Fate, MutantResult, MutationResult

_LONGEST = 160


def render_mutation(result: MutationResult, bundle: Bundle, *, style: Style = PLAIN) -> str:
    """Every change that was missed, then the score."""
    missed = result.having(Fate.MISSED)
    spans = bundle.spans(one.mutant.address for one in missed)
    parts = [_missed(one, span, style) for one, span in zip(missed, spans, strict=True)]
    return "\n\n".join([*parts, _score(result)])


def mutation_json(result: MutationResult, bundle: Bundle) -> dict[str, Any]:
    """The changes as data."""
    spans = bundle.spans(one.mutant.address for one in result.results)
    return {
        "percent": round(result.percent, 2),
        **{fate.value: len(result.having(fate)) for fate in Fate},
        "changes": [_json(one, span) for one, span in zip(result.results, spans, strict=True)],
    }


def _score(result: MutationResult) -> str:
    noticed, missed, equal = (len(result.having(fate)) for fate in (Fate.NOTICED, Fate.MISSED, Fate.EQUAL))
    beside = f"; {counted(equal, 'change')} besides {'makes' if equal == 1 else 'make'} no difference" if equal else ""
    return f"mutation score {result.percent:.1f} %: tests notice {noticed} of {noticed + missed} changes{beside}"


def _missed(one: MutantResult, span: Span, style: Style) -> str:
    text = one.mutant.text if len(one.mutant.text) <= _LONGEST else one.mutant.text[: _LONGEST - 1] + "…"
    place, word = style.paint(place_of(span), Ink.BOLD), style.paint("missed", Ink.YELLOW)
    head = f"{place}: {word} `{visible(one.mutant.owner)}`: {visible(text)}"
    if one.witness is None:
        return f"{head}\n  no distinguishing request found"
    return f"{head}\n{one.witness.case}"


def _json(one: MutantResult, span: Span) -> dict[str, Any]:
    return {
        "part": str(one.mutant.part),
        "owner": one.mutant.owner,
        "change": one.mutant.text,
        "fate": str(one.fate),
        "path": span.path,
        "line": span.start.line,
        "column": span.start.column,
        "noticed_by": one.noticed_by,
        "case": None if one.witness is None else one.witness.case,
    }
