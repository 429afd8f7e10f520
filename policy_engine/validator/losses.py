"""What of a bundle could not be read, and therefore must not be called missing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy_engine.diagnostics import Address, Finding, Key, Severity
from policy_engine.loader.bundle import SourceFile
from policy_engine.loader.faults import bad_key, merge_key, several_documents, yaml_syntax
from policy_engine.validator.faults import empty, missing_key, wrong_type

_STEP = re.compile(r"\.(?P<name>[\w-]+)|\[(?P<index>\d+)\]|\['(?P<odd>(?:[^'\\]|\\.)*)'\]")
_IN_KEYS = (bad_key.CODE, merge_key.CODE)  # their path is that of the mapping
_SWALLOWING = (yaml_syntax.CODE, several_documents.CODE)
_NOT_DECLARATIONS = ("rules", "default", "when", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """
    What was lost.

    `texts` are files that could not be read to the full and sections that are malformed as a whole; `names` those of
    malformed entries; `keys` the top-level keys under which something was malformed; `places` the addresses of all that
    was taken out. `blind` says that there are files whose text is not known to the end.
    """

    blind: bool = False
    texts: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    places: frozenset[Address] = frozenset()

    def may_hold(self, name: str) -> bool:
        """Whether a name may be declared where nothing could be read."""
        if self.blind or name in self.names:
            return True
        word = f"[\"']?{re.escape(name)}[\"']?"
        forms = (
            rf"(?<![\w-]){word}\s*:",  # a key
            rf"name[\"']?\s*:\s*{word}(?![\w-])",
            rf"[\[,]\s*{word}\s*[\],]",
            rf"^\s*-\s*{word}\s*(?:#.*)?$",
        )
        declared = re.compile("|".join(forms), re.MULTILINE)
        return any(map(declared.search, self.texts))

    def has_place_below(self, address: Address) -> bool:
        """Whether something was taken out of the value at an address."""
        depth = len(address.keys)
        return any(place.path == address.path and place.keys[:depth] == address.keys for place in self.places)

    def may_say(self, key: str) -> bool:
        """Whether a top-level key may be written where nothing could be read."""
        if self.blind or key in self.keys:
            return True
        return any(re.search(rf"^[\"']?{re.escape(key)}[\"']?\s*:", text, re.MULTILINE) for text in self.texts)


def losses_in(data: object, findings: Iterable[Finding]) -> Losses:
    """What is lost of one file's data if the places of these findings are taken out."""
    addresses = [finding.address for finding in findings]
    places = [address.keys for address in addresses]
    return Losses(
        texts=tuple(_texts(data, places)),
        names=frozenset(_names(data, places)),
        keys=frozenset(str(keys[0]) for keys in places if keys),
        places=frozenset(addresses),
    )


def losses_of_loading(file: SourceFile) -> Losses:
    """What of a file's text is not in its data, by what loading it told."""
    lost = []
    for diagnostic in file.diagnostics:
        if diagnostic.severity is Severity.ERROR:
            keys = (*_keys_of(diagnostic.yaml_path), *(("",) if diagnostic.code in _IN_KEYS else ()))
            is_entry = file.data is not None and len(keys) > 1 and diagnostic.code not in _SWALLOWING
            names = frozenset(_names(file.data, [keys])) if is_entry else frozenset()
            lost.append(
                Losses(
                    blind=file.data is None and not file.text.endswith("\n"),  # it seems cut off
                    texts=() if is_entry else (file.text,),
                    names=names,
                    keys=frozenset(str(key) for key in keys[:1]),
                    places=frozenset((Address(file.path, keys),)),
                )
            )
    return joined(lost)


def is_echo(finding: Finding, losses: Losses) -> bool:
    """Whether something is called missing, empty or a mapping only because an entry of it could not be read."""
    where = finding.address
    lost = [
        place.keys[-1]
        for place in losses.places
        if place.keys and (place.path, place.keys[:-1]) == (where.path, where.keys)
    ]
    return bool(lost) and (
        finding.code in (missing_key.CODE, empty.CODE) or (finding.code == wrong_type.CODE and "" in lost)
    )


def _keys_of(yaml_path: str) -> Iterator[Key]:
    """The keys of a path such as `$.rules[2].then`."""
    for step in _STEP.finditer(yaml_path):
        odd = step["odd"]
        yield int(step["index"]) if step["index"] else step["name"] or re.sub(r"\\(.)", r"\1", odd)


def joined(losses: Iterable[Losses]) -> Losses:
    """The losses of several files as one."""
    every = tuple(losses)
    return Losses(
        blind=any(lost.blind for lost in every),
        texts=tuple(text for lost in every for text in lost.texts),
        names=frozenset().union(*(lost.names for lost in every)),
        keys=frozenset().union(*(lost.keys for lost in every)),
        places=frozenset().union(*(lost.places for lost in every)),
    )


def _texts(data: object, places: list[tuple[Key, ...]]) -> Iterator[str]:
    for keys in places:
        if not keys:
            yield json.dumps(data, default=str, indent=0)
        elif len(keys) == 1 and keys[0] not in _NOT_DECLARATIONS:
            yield json.dumps(_value_at(data, keys), default=str)


def _names(data: object, places: list[tuple[Key, ...]]) -> Iterator[str]:
    for keys in places:
        if len(keys) < 2 or keys[0] in _NOT_DECLARATIONS:
            continue
        entry = _value_at(data, keys[:2])
        named = entry.get("name") if isinstance(entry, Mapping) else entry
        for name in (keys[1], named):
            if isinstance(name, str):
                yield name


def _value_at(data: Any, keys: tuple[Key, ...]) -> Any:
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
