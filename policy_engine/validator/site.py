"""Where in a JSON Schema a place of the data is described, and which parts of the data are suspected of mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from policy_engine.diagnostics import Key

Schema: TypeAlias = Mapping[str, Any]
Keys: TypeAlias = tuple[Key, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A part of the data that is invalid somewhere, with the schema of that part."""

    keys: Keys
    value: Any
    schema: Schema


def site_of(root: Schema, keys: Iterable[Key]) -> Schema:
    """The schema of the value at `keys`, flattened; empty where the schema says nothing about it."""
    site = flattened(root, root)
    for key in keys:
        site = flattened(root, _below(site, key))
    return site


def flattened(root: Schema, schema: object) -> Schema:
    """A schema with what it refers to and consists of merged into one mapping; its own words win."""
    if not isinstance(schema, Mapping):
        return {}
    merged: dict[str, Any] = {}
    for part in schema.get("allOf", ()):
        merged |= flattened(root, part)
    if "$ref" in schema:
        merged |= flattened(root, root["definitions"][schema["$ref"].rpartition("/")[2]])
    return {**merged, **{word: value for word, value in schema.items() if word not in ("$ref", "allOf")}}


def keys_of(site: Schema) -> tuple[str, ...]:
    """The keys that a mapping at this site may have by name."""
    return tuple(site.get("properties", ()))


def _below(site: Schema, key: Key) -> object:
    if isinstance(key, int):
        return site.get("items")
    return site.get("properties", {}).get(key, site.get("additionalProperties"))
