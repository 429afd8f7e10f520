"""Files that policies refer to: templates, JSON Schemas, classifiers and calibrations, loaded with the bundle."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, TypeAlias

from policy_engine.diagnostics import Address, Finding, Key, Severity
from policy_engine.loader.faults import missing_file, outside_folder
from policy_engine.loader.overlay import Source
from policy_engine.loader.scan import Obstacle, inside, read_file

MAX_ASSET_BYTES: Final = 4 * 1024 * 1024
"""The largest file that a policy may refer to."""

MAX_CANDIDATES: Final = 2_000
"""How many files are looked at for a name that may have been meant."""

_FILE_KEYS: Final = {"respond": "template", "output": "json_schema"}
_SECTIONS: Final = ("default", "cascades", "conditions", "scores")
_COLLECTIONS: Final = (dict, list)
_WITH_FILES: Final = (("classifiers", "file"), ("providers", "file"), ("caches", "calibration"))

_Keys: TypeAlias = tuple[Key, ...]
_Mention: TypeAlias = tuple[_Keys, str]
"""The keys under which a path stands, and the path; an address is made for these alone, not on the way to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One mention of a file: where it stands and the path as written."""

    address: Address
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """The files referred to, by path relative to the folder, and what is wrong with the references."""

    contents: Mapping[str, bytes]
    findings: tuple[Finding, ...]


def load_assets(root: str, sources: Iterable[Source]) -> Assets:
    """Reads every file that the sources refer to; `root` is the bundle's real folder."""
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    files: list[str] | None = None
    for reference in (reference for source in sources for reference in references(source)):
        if reference.path in contents:
            continue
        result = _read(root, reference.path)
        if isinstance(result, bytes):
            contents[reference.path] = result
            continue
        if result is None:
            files = list(_files_below(root)) if files is None else files
            result = _missing(reference.path, files)
        findings.append(_finding(reference, result))
    return Assets(contents=dict(sorted(contents.items())), findings=tuple(findings))


def references(source: Source) -> Iterator[Reference]:
    """Every mention of a file in one policy file, in order of section."""
    data = source.data
    if not isinstance(data, dict):
        return
    for keys, path in _mentions(data):
        yield Reference(address=Address(source.path, keys), path=path)


def _mentions(data: Mapping[str, Any]) -> Iterator[_Mention]:
    rules = data.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, dict):
            yield from _below(rule.get("then"), ("rules", index, "then"))
    for section in _SECTIONS:
        yield from _below(data.get(section), (section,))
    for section, key in _WITH_FILES:
        entries = data.get(section)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            yield from _named(entry, key, (section, name))


def _below(value: Any, keys: _Keys) -> Iterator[_Mention]:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in _FILE_KEYS:
                yield from _named(part, _FILE_KEYS[key], (*keys, key))
            if key != "respond" and isinstance(part, _COLLECTIONS):
                yield from _below(part, (*keys, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if isinstance(part, _COLLECTIONS):
                yield from _below(part, (*keys, index))


def _named(value: Any, key: str, keys: _Keys) -> Iterator[_Mention]:
    path = value.get(key) if isinstance(value, dict) else None
    if isinstance(path, str):
        yield (*keys, key), path


def _read(root: str, path: str) -> bytes | Obstacle | None:
    """The file's content, None if there is none, or what is wrong with it."""
    if reason := _unfit(path):
        return _leads_out(path, reason)
    if not inside(root, os.path.realpath(os.path.join(root, path))):
        return _leads_out(path, f"`{path}` leads out of the policy folder")
    return read_file(root, path, max_bytes=MAX_ASSET_BYTES)


def _unfit(path: str) -> str | None:
    if not path or not path.isprintable():
        return "a path is empty or not plain text"
    if "\\" in path or path.startswith(("/", "~")) or path[1:2] == ":":
        return f"`{path}` is not a path relative to the policy folder, with `/`"
    if any(part in ("", ".", "..") for part in path.split("/")):
        return f"`{path}` has a part that is empty, `.` or `..`"
    return None


def _leads_out(path: str, message: str) -> Obstacle:
    help = "write the path relative to the policy folder, as in `templates/reply.txt`"
    return Obstacle(path=path, fault=outside_folder, message=message, help=help)


def _missing(path: str, files: Iterable[str]) -> Obstacle:
    help = "paths are relative to the policy folder, not to this file"
    files = list(files)
    name = path.rpartition("/")[2]
    same_name = [file for file in files if file.rpartition("/")[2] == name]
    if close := same_name or difflib.get_close_matches(path, files, n=1):
        help = f"did you mean `{close[0]}`?"
    fault: ModuleType = missing_file
    return Obstacle(path=path, fault=fault, message=f"there is no file `{path}` in the policy folder", help=help)


def _files_below(root: str) -> Iterator[str]:
    """Paths of files in the folder, relative to it, not hidden; up to MAX_CANDIDATES."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            count += 1
            if count > MAX_CANDIDATES:
                return
            yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def _finding(reference: Reference, obstacle: Obstacle) -> Finding:
    return Finding(
        code=obstacle.fault.CODE,
        name=obstacle.fault.NAME,
        severity=Severity.ERROR,
        message=obstacle.message,
        address=reference.address,
        help=obstacle.help,
    )
