"""Requests that people have written beside their policies: rules' examples, and the cases of `*_test.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.loader.document import read_document

_SUFFIXES = ("_test.yaml", "_test.yml")


def seeds_of(policy_sets: Iterable[PolicySet], folders: Iterable[Path]) -> Iterator[Mapping[str, Any]]:
    """The requests of all versions, as written; what cannot be read is left out."""
    for policy_set in policy_sets:
        for rule in policy_set.rules:
            yield from (example.request for example in rule.rule.examples)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.name.endswith(_SUFFIXES) and path.is_file():
                yield from _cases(path)


def _cases(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        data = read_document(path.read_text(encoding="utf-8"), str(path)).data
    except (OSError, UnicodeDecodeError):
        return
    cases = data.get("cases") if isinstance(data, dict) else None
    for case in cases if isinstance(cases, list) else ():
        request = case.get("request") if isinstance(case, dict) else None
        if isinstance(request, dict):
            yield request
