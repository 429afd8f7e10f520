"""What a JSON Schema finds wrong with data: one mistake for each keyword that failed, less those that only echo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend

from policy_engine.validator.site import Keys, Schema, Suspect, site_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """
    One failed keyword of a schema.

    `keyword` failed with its `operand` on the `value` at `keys`; `schema` is the subschema in which it stands, `root`
    the whole. For `propertyNames` the value is the bad name and ends the keys.
    """

    keyword: str
    operand: Any
    keys: Keys
    value: Any
    schema: Schema
    root: Schema

    @property
    def site(self) -> Schema:
        """Everything the schema says about the place."""
        return site_of(self.root, self.keys)

    @property
    def fault(self) -> str:
        """The name of the diagnostic that the schema asks for here; empty if it asks for none."""
        return str(self.schema.get("x-fault", ""))

    def annotation(self, word: str) -> str | None:
        """What the schema says about the place under `x-hint` or the like."""
        said = self.site.get(word, self.schema.get(word))
        return None if said is None else str(said)


def mistakes_in(suspects: Iterable[Suspect], root: Schema) -> list[Mistake]:
    """Every mistake in the suspected parts, without those that say in other words what another one says."""
    kind = extend(Draft7Validator, {"pattern": _check_pattern})  # type: ignore[no-untyped-call]  # its stubs lack types
    validator = kind(root)
    found = [
        _mistake(error, suspect.keys, root)
        for suspect in suspects
        for error in validator.evolve(schema=suspect.schema).iter_errors(suspect.value)
    ]
    return _without_echoes(found)


def _mistake(error: ValidationError, above: Keys, root: Schema) -> Mistake:
    in_name = "propertyNames" in list(error.absolute_schema_path)[-2:-1]
    keys = (*above, *error.absolute_path)
    return Mistake(
        keyword="propertyNames" if in_name else str(error.validator),
        operand=error.validator_value,
        keys=(*keys, str(error.instance)) if in_name else keys,
        value=error.instance,
        schema=error.schema if isinstance(error.schema, dict) else {},
        root=root,
    )


def _check_pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    """As JSON Schema means it: `$` is the end of the text and not also a place before a last line break."""
    if isinstance(value, str) and not re.search(re.sub(r"(?<!\\)\$(?=\||$)", r"\\Z", pattern), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _without_echoes(mistakes: list[Mistake]) -> list[Mistake]:
    """Those about a value of the right type that is not empty, besides those that say that it is not."""
    telling = {("type", m.keys) for m in mistakes if m.keyword == "type"}
    telling |= {("empty", m.keys) for m in mistakes if m.keyword in _EMPTINESS}
    return [m for m in mistakes if m.keyword == "type" or not _is_echo(m, telling)]


def _is_echo(mistake: Mistake, telling: set[tuple[str, Keys]]) -> bool:
    of_emptiness = mistake.keyword in ("pattern", "required", "anyOf", "oneOf") and ("empty", mistake.keys) in telling
    return of_emptiness or ("type", mistake.keys) in telling


_EMPTINESS = ("minLength", "minProperties", "minItems")
