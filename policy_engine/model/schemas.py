"""The JSON Schemas of everything policy_engine reads and writes, by name, wherever the package is installed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent.parent
_FILE = re.compile(r"(?P<family>\w+)\.v(?P<version>\d+)\.json")


def schema_names() -> tuple[str, ...]:
    """The names that `read_schema` knows, such as `policy.v1`, sorted."""
    return tuple(sorted(_names()))


def read_schema(name: str) -> dict[str, Any]:
    """
    One JSON Schema, freshly read.

    Args:
        name: with its version (`policy.v1`), or without (`policy`) for the newest.

    Raises:
        ValueError: there is no such schema; says which there are.
    """
    full_name = _newest().get(name, name)
    if full_name not in _names():
        raise ValueError(f"no schema is called `{name}`; there are {', '.join(schema_names())}")
    schema: dict[str, Any] = json.loads((_folder() / f"{full_name}.json").read_text(encoding="utf-8"))
    return schema


def _folder() -> Path:
    """Where the schemas are: inside an installed package, beside it in a checkout."""
    packaged = _PACKAGE / "schemas"
    return packaged if packaged.is_dir() else _PACKAGE.parent / "schemas"


def _names() -> list[str]:
    return [match.string.removesuffix(".json") for match in _files()]


def _newest() -> dict[str, str]:
    by_version = sorted(_files(), key=lambda match: int(match["version"]))
    return {match["family"]: match.string.removesuffix(".json") for match in by_version}


def _files() -> list[re.Match[str]]:
    folder = _folder()
    found = (_FILE.fullmatch(file.name) for file in (folder.iterdir() if folder.is_dir() else ()))
    return [match for match in found if match is not None]
