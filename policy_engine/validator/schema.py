"""Whether a file's data has the form that its JSON Schema asks for, and what is left of it without the bad places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from policy_engine.diagnostics import Finding, Key
from policy_engine.model.schemas import read_schema
from policy_engine.validator.site import Keys, Suspect, flattened

if TYPE_CHECKING:
    from jsonschema_rs import Validator

_Tree: TypeAlias = dict[Key, "_Tree | None"]


class SchemaChecker:
    """
    Decides quickly whether data is valid, and where to look for mistakes if it is not.

    Making one takes milliseconds, so make one per schema and keep it; it holds no other state.

    Attributes:
        schema: the JSON Schema, draft 7.
    """

    __slots__ = ("_validator", "schema")

    def __init__(self, schema: dict[str, Any]) -> None:
        import jsonschema_rs  # here, so that importing the package stays light

        self.schema = schema
        self._validator: Validator = jsonschema_rs.validator_for(schema)

    @classmethod
    def named(cls, name: str) -> SchemaChecker:
        """The checker for the schema of this name, such as `policy`; see `read_schema`."""
        return cls(read_schema(name))

    def is_valid(self, data: object) -> bool:
        """Whether `data` satisfies the schema. A mapping with a key that is not text never does."""
        try:
            return self._validator.is_valid(data)
        except ValueError:
            return False

    def suspects(self, data: dict[str, Any]) -> tuple[Suspect, ...]:
        """The entries of the file's sections that are invalid, so that nobody has to look at the others slowly."""
        places = {tuple(error.instance_path[:2]) for error in self._validator.iter_errors(data)}
        wide = {place for place in (self._widened(place, data) for place in places) if len(place) < 2}
        narrow = {place for place in places if place[:1] not in wide and len(place) == 2}
        return tuple(self._suspect(place, data) for place in sorted(wide | narrow, key=repr))

    def _widened(self, place: Keys, data: Mapping[str, Any]) -> Keys:
        """The place itself, or its section where the section's schema does not treat all entries alike."""
        if len(place) < 2 or self._entry_schema(place, data) is not None:
            return place
        return place[:1]

    def _suspect(self, place: Keys, data: dict[str, Any]) -> Suspect:
        if not place:
            shallow = {**self.schema, "properties": dict.fromkeys(self.schema["properties"], True)}
            return Suspect(keys=(), value=data, schema=shallow)
        section = data[str(place[0])]
        if len(place) == 1:
            return Suspect(keys=place, value=section, schema=self.schema["properties"][place[0]])
        return Suspect(keys=place, value=section[place[1]], schema=self._entry_schema(place, data) or {})

    def _entry_schema(self, place: Keys, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        section = flattened(self.schema, self.schema["properties"].get(place[0], {}))
        entry = section.get("items" if isinstance(data[str(place[0])], list) else "additionalProperties")
        return entry if isinstance(entry, Mapping) else None


def check_schema(path: str, data: object, checker: SchemaChecker) -> tuple[Finding, ...]:
    """
    What is wrong with the form of one file's data: one finding per mistake, in the order of the file.

    Args:
        path: the file's path relative to the bundle's folder.
        data: what the loader read from it; None for a file without content, which has no mistakes.
    """
    if data is None or checker.is_valid(data):
        return ()
    from policy_engine.validator import wording  # here, since valid files never need its libraries

    if not isinstance(data, dict):
        return (wording.not_a_mapping(path, data),)
    odd = tuple(wording.odd_key(path, keys) for keys in _odd_keys(data, ()))
    found = wording.findings_in(path, checker.suspects(prune(data, odd)), checker.schema)
    return tuple(sorted((*odd, *found), key=lambda finding: _position(data, finding.address.keys)))


def prune(data: object, findings: Iterable[Finding]) -> dict[str, Any]:
    """
    The data without the places that the findings point at; `data` itself is left as it is.

    A bad list item becomes None, so that those behind it keep their index. Lists and mappings that are emptied by this
    are taken out too. Data that is no mapping gives an empty one.
    """
    if not isinstance(data, dict):
        return {}
    findings = tuple(findings)
    if not findings:
        return data
    pruned = _without(data, _tree(finding.address.keys for finding in findings))
    return {} if pruned is None else pruned


def sound_part(data: object, findings: Iterable[Finding], *, checker: SchemaChecker) -> dict[str, Any]:
    """
    What is left of the data once everything is taken out that keeps it from being valid, or stops being valid by that.

    It satisfies the schema except for None in lists, which stands for a bad item and is to be passed over.
    """
    rest = prune(data, findings)
    while (pending := _not_at_holes(rest, checker)) and rest:
        smaller = prune(rest, pending)
        rest = {} if smaller == rest else smaller
    return rest


def _not_at_holes(data: dict[str, Any], checker: SchemaChecker) -> list[Finding]:
    found = check_schema("", data, checker)
    return [finding for finding in found if _value_at(data, finding.address.keys) is not None]


def _value_at(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


def _odd_keys(data: Any, above: Keys) -> Iterator[Keys]:
    """The places of keys that are not text."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield from _odd_keys(item, (*above, index))
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _odd_keys(value, (*above, key)) if isinstance(key, str) else ((*above, key),)


def _tree(places: Iterable[Keys]) -> _Tree | None:
    """The places as nested mappings that end in None; None alone if the root is one of them."""
    root: _Tree = {}
    for keys in places:
        if not keys:
            return None
        branch = root
        for key in keys[:-1]:
            below = branch.setdefault(key, {})
            if below is None:
                break
            branch = below
        else:
            branch[keys[-1]] = None
    return root


def _without(data: Any, tree: _Tree | None) -> Any:
    """A copy of `data` without the places in `tree`; None if nothing is left."""
    if tree is None:
        return None
    if isinstance(data, list):
        items = [_without(item, tree[i]) if i in tree else item for i, item in enumerate(data)]
        return items if any(item is not None for item in items) else None
    if not isinstance(data, dict):
        return data
    kept = dict(_entries_without(data, tree))
    return kept or None


def _entries_without(data: Mapping[Any, Any], tree: _Tree) -> Iterator[tuple[Any, Any]]:
    for key, value in data.items():
        left = _without(value, tree[key]) if key in tree else value
        if left is not None:
            yield key, left


def _position(data: Any, keys: Keys) -> tuple[int, ...]:
    """Where a place stands among its siblings, level by level."""
    position = []
    for key in keys:
        if isinstance(data, dict) and key in data:
            position.append(list(data).index(key))
        elif isinstance(data, list) and isinstance(key, int):
            position.append(key)
        else:
            break
        data = data[key]
    return tuple(position)
