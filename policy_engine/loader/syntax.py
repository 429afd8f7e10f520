"""What an author did where a text is not YAML, in the author's words and with the cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from policy_engine.loader.mistakes import layout, values
from policy_engine.loader.mistakes.place import Mistake, Place
from policy_engine.loader.notes import Notes

Recogniser: TypeAlias = Callable[[Place], Mistake | None]

RECOGNISERS: Final[tuple[Recogniser, ...]] = (
    values.control,
    layout.conflict,
    layout.too_deep,
    layout.tab,
    values.escape,
    values.open_quote,
    values.after_quote,
    values.starter,
    values.leading_colon,
    values.colon,
    layout.missing_colon,
    layout.too_deep_line,
    layout.open_bracket,
    layout.extra_closer,
    layout.dash,
    layout.directive,
    layout.after_document,
    layout.indentation,
)
"""Asked in this order; the first that knows the mistake names it."""


def note_syntax_fault(notes: Notes, fault: Any) -> None:
    """Notes the mistake that made the parser raise `fault`."""
    lines = notes.lines
    mark, context_mark = getattr(fault, "problem_mark", None), getattr(fault, "context_mark", None)
    place = Place(
        lines=lines,
        problem=str(getattr(fault, "problem", None) or fault),
        context=str(getattr(fault, "context", None) or ""),
        at=min(mark.index, len(notes.text)) if mark else 0,
        opened=min(context_mark.index, len(notes.text)) if context_mark else None,
    )
    found = (recognise(place) for recognise in RECOGNISERS)
    mistake = next((mistake for mistake in found if mistake), None) or _unknown(place)
    notes.add(mistake.fault, mistake.message, start=mistake.start, end=mistake.end, help=mistake.help)


def _unknown(place: Place) -> Mistake:
    end = max(place.lines.end(place.number), place.at)
    help = "check quotes, brackets and indentation here and on the line above"
    return Mistake("this is not valid YAML", help, place.at, end)
