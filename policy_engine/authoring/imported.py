"""What an import gives: the files of a bundle, and what is to be known about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policy_engine.authoring.draft import About, Draft, Note
from policy_engine.loader.foreign import to_yaml

NOTES_FILE = "IMPORTED.md"
_FILES = {
    "models.yaml": ("attributes", "providers", "models", "tiers"),
    "conditions.yaml": ("conditions", "scores", "signals", "phrases", "caches", "cascades"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """
    A bundle that was made from another program's configuration.

    Attributes:
        files: text by path within the bundle.
        notes: what has no counterpart, differs, or is to be supplied.
        rules: how many rules it has.
    """

    files: Mapping[str, str]
    notes: Sequence[Note]
    rules: int


def imported(draft: Draft, *, source: str) -> Imported:
    """The files of a draft; `source` names what it was made from."""
    files = {name: _declarations(draft, sections) for name, sections in _FILES.items()}
    for name, rules in draft.rules.items():
        files[name] = _headed({"version": 1, **_scope(draft, name), "rules": rules})
    written = {name: text for name, text in files.items() if text}
    written[NOTES_FILE] = _notes_page(draft.notes, source)
    return Imported(files=written, notes=tuple(draft.notes), rules=sum(map(len, draft.rules.values())))


def write_files(files: Mapping[str, str], folder: Path) -> None:
    """
    Writes files into a folder, which is made if it is absent; all of them or, if one is there already, none.

    Raises:
        ValueError: a file of that name exists; says which.
    """
    refuse_present(files, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)


def refuse_present(names: Iterable[str], folder: Path) -> None:
    """
    Makes sure that none of these files is in a folder.

    Raises:
        ValueError: a file of that name exists; says which.
    """
    for name in names:
        if (folder / name).exists() or (folder / name).is_symlink():
            raise ValueError(f"`{folder / name}` exists already and is not overwritten; name an absent or empty folder")


def by_text(notes: Sequence[Note], about: About) -> dict[str, list[str]]:
    """The notes of one kind: their texts, each with its places."""
    found: dict[str, list[str]] = {}
    for note in notes:
        if note.about is about:
            found.setdefault(note.text, []).append(note.place)
    return found


def _declarations(draft: Draft, sections: Sequence[str]) -> str:
    data: dict[str, Any] = {name: draft.sections[name] for name in sections if draft.sections.get(name)}
    if "tiers" in data:
        data["tiers"] = [{"name": name, "models": models} for name, models in data["tiers"].items()]
    if sections[-1] == "tiers":
        data["default"] = draft.default
    return _headed({"version": 1, **data}) if data else ""


def _scope(draft: Draft, name: str) -> dict[str, Any]:
    return {"when": draft.scopes[name]} if name in draft.scopes else {}


def _headed(data: Mapping[str, Any]) -> str:
    return "# Imported; see IMPORTED.md for what could not be taken over as it was.\n" + to_yaml(dict(data))


def _notes_page(notes: Sequence[Note], source: str) -> str:
    lines = [f"# Imported from {source}", ""]
    for about in About:
        found = by_text(notes, about)
        if found:
            lines += [f"## {about.value.capitalize()}", ""]
            lines += [f"- {text}: {', '.join(f'`{place}`' for place in places)}" for text, places in found.items()]
            lines.append("")
    return "\n".join(lines)
