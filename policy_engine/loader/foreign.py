"""YAML of other programs: read as its authors mean it, nulls and tags of the core aside, and written as we read it."""

from __future__ import annotations

import re
from typing import Any

import yaml

from policy_engine.loader.plain import plain_value

MAX_CHARS = 8 * 1024 * 1024
MAX_ALIASES = 1_000
_SIMPLE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./$+-]*(?: [A-Za-z0-9_./$+-]+)*")
# What YAML 1.1 takes for something other than text, though 1.2 does not: other readers of the file may.
_OLD_WORDS = frozenset("y n yes no on off true false null".split())


def read_foreign(text: str) -> Any:
    """
    The plain data of a YAML or JSON text: mappings, lists, texts, numbers, booleans and None.

    Raises:
        ValueError: it is no YAML, or larger than anybody writes by hand; says where.
    """
    if len(text) > MAX_CHARS:
        raise ValueError(f"it holds more than {MAX_CHARS:,} characters")
    try:
        aliases = sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader))
        if aliases > MAX_ALIASES:
            raise ValueError(f"it holds more than {MAX_ALIASES:,} aliases")
        return yaml.load(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        place = "" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}: "
        raise ValueError(f"{place}{getattr(problem, 'problem', None) or 'it is no YAML'}") from problem


def to_yaml(data: object) -> str:
    """Data as YAML that our loader reads back as it was: the innermost collections in one line, keys as they come."""
    written: str = yaml.dump(
        data, Dumper=_Writer, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120, indent=2
    )
    return written


class _Writer(yaml.SafeDumper):
    """Writes no anchors, and quotes whatever could be read as something other than text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's signature)
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  (the same)
        super().increase_indent(flow, False)


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_plain = _SIMPLE.fullmatch(text) and text.lower() not in _OLD_WORDS and plain_value(text) == text
    style = None if is_plain else "|" if "\n" in text and text.isprintable() else "'"
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Writer.add_representer(str, _text)
