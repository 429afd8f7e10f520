"""Mistakes in the form of a policy file in the words of its author: one finding for each, at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, TypeAlias

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.validator.faults import (
    bad_name,
    empty,
    missing_key,
    not_one_entry,
    two_effects,
    unknown_key,
    unknown_value,
    unsupported_version,
    wrong_shape,
    wrong_type,
)
from policy_engine.validator.mistake import Mistake, mistakes_in
from policy_engine.validator.misuse import misuse_of, type_words
from policy_engine.validator.site import Keys, Schema, Suspect, site_of
from policy_engine.validator.suggestion import help_for_key, help_for_word, listed, named, shown


class Fault(Protocol):
    """A module of `policy_engine.validator.faults`."""

    CODE: str
    NAME: str


def findings_in(path: str, suspects: Iterable[Suspect], root: Schema) -> tuple[Finding, ...]:
    """
    What is wrong with the suspected parts of one file.

    Args:
        path: the file's path relative to the bundle's folder.
        suspects: parts that are known to be invalid.
        root: the schema of the whole file.
    """
    suspects = tuple(suspects)
    mistakes = mistakes_in(suspects, root)
    answered = _answered(mistakes)
    found: dict[tuple[str, Keys], Finding] = {}
    for mistake in mistakes:
        for finding in _WORDINGS.get(mistake.keyword, _otherwise)(mistake, path):
            if not _is_answered(mistake, finding, answered):
                found.setdefault((finding.code + finding.message, finding.address.keys), finding)
    if suspects and not found:
        return tuple(unworded(path, suspect.keys) for suspect in suspects)
    return tuple(found.values())


def not_a_mapping(path: str, data: object) -> Finding:
    """The finding for a file whose content is a list or a single value."""
    message = f"a policy file must be a mapping, not {type_words(data)}"
    return _finding(wrong_type, message, Address(path), help="begin with a section, such as `rules:`")


def odd_key(path: str, keys: Keys) -> Finding:
    """The finding for a key that is not text."""
    message = f"`{shown(keys[-1])}` is a key but not text"
    return _finding(bad_name, message, Address(path, keys), part=Part.KEY, help=f'write `"{shown(keys[-1])}"`')


def unworded(path: str, keys: Keys) -> Finding:
    """The finding for a place that is invalid for a reason we have no words for."""
    words = "hold it against `policy-engine schema policy`; look for characters that cannot be seen"
    return _finding(
        wrong_shape, f"{named(keys)} does not have the form that it must have", Address(path, keys), help=words
    )


def _answered(mistakes: Iterable[Mistake]) -> dict[Keys, set[str]]:
    """By mapping, the keys that the help for its unknown keys already names."""
    answered: dict[Keys, set[str]] = {}
    for mistake in mistakes:
        for key in _unknown(mistake) if mistake.keyword == "additionalProperties" else ():
            words = help_for_key(mistake.root, mistake.keys, key) or ""
            answered.setdefault(mistake.keys, set()).update((key, *re.findall(r"`([\w-]+)", words)))
    return answered


def _is_answered(mistake: Mistake, finding: Finding, answered: Mapping[Keys, set[str]]) -> bool:
    """Whether a missing or surplus entry is the other side of an unknown key in the same mapping."""
    if finding.code not in (missing_key.CODE, not_one_entry.CODE) or mistake.keys not in answered:
        return False
    concerned = mistake.value if mistake.keyword == "maxProperties" else re.findall(r"`([\w-]+)", finding.message)
    return not answered[mistake.keys].isdisjoint(concerned)


def _unknown(mistake: Mistake) -> list[str]:
    known = mistake.schema.get("properties", {})
    patterns = mistake.schema.get("patternProperties", ())
    return [key for key in mistake.value if key not in known and not any(re.search(p, key) for p in patterns)]


def _unknown_keys(mistake: Mistake, path: str) -> Iterator[Finding]:
    for key in _unknown(mistake):
        where = Address(path, (*mistake.keys, key))
        words = help_for_key(mistake.root, mistake.keys, key)
        yield _finding(unknown_key, f"unknown key `{shown(key)}`", where, part=Part.KEY, help=words)


def _missing_keys(mistake: Mistake, path: str) -> Iterator[Finding]:
    for key in mistake.operand:
        if key not in mistake.value:
            words = _purpose(mistake, key)
            yield _finding(missing_key, f"missing key `{key}`", Address(path, mistake.keys), help=words, part=None)


def _missing_companions(mistake: Mistake, path: str) -> Iterator[Finding]:
    for key, companions in mistake.operand.items():
        missing = [name for name in companions if name not in mistake.value]
        if key in mistake.value and missing:
            where = Address(path, (*mistake.keys, key))
            message = f"`{key}` means nothing without {listed(missing)}"
            yield _finding(missing_key, message, where, part=Part.KEY, help=_purpose(mistake, missing[0]))


def _purpose(mistake: Mistake, key: str) -> str:
    """Help for a missing key: what it is for."""
    said = str(site_of(mistake.root, (*mistake.keys, key)).get("description", ""))
    purpose = re.split(r"[.;:] ", f"{said} ")[0]
    return f"`{key}` says: {purpose[:1].lower()}{purpose[1:]}" if purpose else f"add `{key}`"


def _choices(mistake: Mistake, path: str) -> Iterator[Finding]:
    """`oneOf` and `anyOf` stand in our schemas only for "one of these keys"."""
    names = [branch["required"][0] for branch in mistake.operand]
    given = [name for name in names if name in mistake.value]
    where = Address(path, mistake.keys)
    if given:
        message = f"{named(mistake.keys)} takes exactly one of {listed(names)}, not {len(given)}"
        yield _finding(not_one_entry, message, where, part=None, help="keep one of them")
    else:
        yield _finding(missing_key, f"missing key {listed(names)}", where, part=None, help="write one of them")


def _too_many(mistake: Mistake, path: str) -> Iterator[Finding]:
    message = f"{named(mistake.keys)} takes exactly one entry, not {len(mistake.value)}"
    words = mistake.annotation("x-hint")
    yield _finding(not_one_entry, message, Address(path, mistake.keys), part=None, help=words)


def _exclusive(mistake: Mistake, path: str) -> Iterator[Finding]:
    if mistake.fault == two_effects.NAME:
        yield from _two_effects(mistake, path)
    elif mistake.fault == "input-and-messages":
        words = "`input` is short for one user message; put it among `messages`"
        where = Address(path, mistake.keys)
        yield _finding(not_one_entry, "`input` and `messages` exclude each other", where, part=None, help=words)
    else:
        yield from misuse(mistake, path)


def _two_effects(mistake: Mistake, path: str) -> Iterator[Finding]:
    """One finding for each terminal effect after the first."""
    terminal = {name for pair in mistake.operand["anyOf"] for name in pair["required"]}
    first, *others = [key for key in mistake.value if key in terminal]
    where = Address(path, mistake.keys)
    related = RelatedAddress(address=where.child(first), message="the first effect", part=Part.KEY)
    for other in others:
        message = f"a rule decides once: `{other}` stands beside `{first}`"
        yield Finding(
            code=two_effects.CODE,
            name=two_effects.NAME,
            severity=Severity.ERROR,
            message=message,
            address=where.child(other),
            part=Part.KEY,
            help="keep one of them, or write two rules with a `when` each",
            related=(related,),
        )


def _unknown_value(mistake: Mistake, path: str) -> Iterator[Finding]:
    known = [str(word) for word in mistake.operand]
    message = f"unknown value `{shown(mistake.value)}` for {named(mistake.keys)}"
    instead = mistake.site.get("x-instead", {}).get(str(mistake.value))
    words = instead or help_for_word(str(mistake.value), known)
    yield _finding(unknown_value, message, Address(path, mistake.keys), help=words)


def _unsupported(mistake: Mistake, path: str) -> Iterator[Finding]:
    newer = isinstance(mistake.value, int | float) and mistake.value > mistake.operand
    quotes = ", without quotes" if isinstance(mistake.value, str) else ""
    words = f"this engine reads version {mistake.operand}; " + (
        "a newer engine may read this file" if newer else f"write `version: {mistake.operand}`{quotes}"
    )
    message = f"unsupported version `{shown(mistake.value)}`"
    yield _finding(unsupported_version, message, Address(path, mistake.keys), help=words)


def _empty(mistake: Mistake, path: str) -> Iterator[Finding]:
    words = mistake.annotation("x-empty") or "write what it should hold, or leave it out"
    yield _finding(empty, f"{named(mistake.keys)} is empty", Address(path, mistake.keys), help=words)


def _bad_name(mistake: Mistake, path: str) -> Iterator[Finding]:
    words = mistake.schema.get("x-hint")
    where = Address(path, mistake.keys)
    yield _finding(bad_name, f"`{shown(mistake.value)}` is not a name", where, part=Part.KEY, help=words)


def misuse(mistake: Mistake, path: str) -> Iterator[Finding]:
    """The finding for a single value that does not fit its place."""
    wrong = misuse_of(mistake)
    yield _finding(wrong.fault, wrong.message, Address(path, mistake.keys), help=wrong.help)


def _otherwise(mistake: Mistake, path: str) -> Iterator[Finding]:
    yield unworded(path, mistake.keys)


def _finding(
    fault: Fault, message: str, address: Address, *, help: str | None = None, part: Part | None = Part.VALUE
) -> Finding:
    """An error; `part` None points at the name of what is wrong, where it has one."""
    has_name = bool(address.keys) and isinstance(address.keys[-1], str)
    part = part or (Part.KEY if has_name else Part.VALUE)
    return Finding(
        code=fault.CODE,
        name=fault.NAME,
        severity=Severity.ERROR,
        message=message,
        address=address,
        part=part,
        help=help,
    )


_Wording: TypeAlias = Callable[[Mistake, str], Iterator[Finding]]
_WORDINGS: Mapping[str, _Wording] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_keys,
    "dependencies": _missing_companions,
    "oneOf": _choices,
    "anyOf": _choices,
    "maxProperties": _too_many,
    "not": _exclusive,
    "enum": _unknown_value,
    "const": _unsupported,
    "minItems": _empty,
    "minProperties": _empty,
    "minLength": _empty,
    "propertyNames": _bad_name,
    **dict.fromkeys(("type", "pattern", "minimum", "maximum", "exclusiveMinimum"), misuse),
}
