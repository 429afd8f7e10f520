"""What an author probably meant: a similar word, or the place where a key belongs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Sequence

from policy_engine.diagnostics import Key
from policy_engine.validator.site import Schema, flattened, keys_of, site_of

_SHOWN_LENGTH = 40
_MANY = 12
_SIMILAR = 0.7


def help_for_key(root: Schema, keys: Sequence[Key], unknown: str) -> str | None:
    """Help for an unknown key of the mapping at `keys`: what to write instead, or where it belongs."""
    site = site_of(root, keys)
    written: str | None = site.get("x-instead", {}).get(unknown)
    known = keys_of(site)
    hint = site.get("x-hint") if len(known) > _MANY or not known else None
    usual = help_for_word(unknown, known) if hint is None or closest(unknown, known) else hint
    return written or _moved(root, keys, unknown) or usual


def help_for_word(unknown: str, known: Sequence[str]) -> str | None:
    """`did you mean` the known word most like this one; otherwise the known words, of many the first."""
    similar = closest(unknown, known)
    if similar is not None:
        return f"did you mean `{similar}`?"
    if len(known) > _MANY:
        return f"there are {', '.join(f'`{word}`' for word in known[:_MANY])} and {len(known) - _MANY} more"
    return f"write {listed(known)}" if known else None


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, or None if none is like it."""
    by_form = {_form(name): name for name in known}
    found = difflib.get_close_matches(_form(word), by_form, n=1, cutoff=_SIMILAR)
    return by_form[found[0]] if found else None


def listed(words: Sequence[str]) -> str:
    """Words in backticks, as in "`a`, `b` or `c`"."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def named(keys: Sequence[Key]) -> str:
    """The value at `keys` by its own name, or as an item of what has one."""
    if not keys:
        return "the file"
    if isinstance(keys[-1], str):
        return f"`{shown(keys[-1])}`"
    return f"an item of {named(keys[:-1])}"


def shown(value: object) -> str:
    """A value much as its author wrote it, on one line and not too long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"


def _moved(root: Schema, keys: Sequence[Key], unknown: str) -> str | None:
    """Where a key belongs that is right on a level above or below the mapping at `keys`."""
    for depth in range(len(keys) - 1, -1, -1):
        if unknown in keys_of(site_of(root, keys[:depth])):
            return f"`{unknown}` belongs beside `{keys[depth]}`, not in it"
    properties = site_of(root, keys).get("properties", {})
    homes = [name for name, schema in properties.items() if unknown in keys_of(flattened(root, schema))]
    return f"`{unknown}` belongs inside {listed(homes)}" if homes else None


def _form(word: str) -> str:
    return word.lower().replace("-", "_")
