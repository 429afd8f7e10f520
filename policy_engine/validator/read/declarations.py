"""Everything that a bundle declares besides its rules, read from its merged entries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from policy_engine.diagnostics import Address
from policy_engine.loader.overlay import Entry, Merged
from policy_engine.model.condition import Scalar
from policy_engine.model.policy import (
    Attribute,
    AttributeType,
    Cascade,
    Declarations,
    Model,
    NamedCondition,
    Provider,
    Score,
    ScorePart,
    Setting,
    SignalDeclaration,
    Step,
    Tier,
)
from policy_engine.model.quantity import Kind, QuantityError, parse_quantity
from policy_engine.validator.read.conditions import read_condition, read_operand, read_texts
from policy_engine.validator.read.effects import read_limits, read_route

_T = TypeVar("_T")


def read_declarations(
    entries: Merged, *, env: str | None = None, assets: Mapping[str, bytes] = MappingProxyType({})
) -> Declarations:
    """
    The declarations that merged entries make. The first of two entries of one name wins.

    `assets` are the contents of the files that entries refer to.
    """

    def section(name: str, read: Callable[[Entry], _T]) -> dict[str, _T]:
        first = {entry.name: entry for entry in reversed(entries[name])}
        return {entry.name: read(entry) for entry in entries[name] if first[entry.name] is entry}

    return Declarations(
        fingerprint=fingerprint_of(entries, env=env, assets=assets),
        zone=_setting(entries, "zone"),
        default_task=_setting(entries, "default_task"),
        on_state_error=_setting(entries, "on_state_error") or "allow",
        tasks=tuple(dict.fromkeys(entry.name for entry in entries["tasks"])),
        attributes=section("attributes", _attribute),
        signals=section("signals", _signal),
        providers=section("providers", _provider),
        models=section("models", _model),
        tiers=section("tiers", _tier),
        conditions=section("conditions", _named_condition),
        scores=section("scores", _score),
        cascades=section("cascades", _cascade),
        caches=section("caches", _kept),
        classifiers=section("classifiers", _kept),
        phrases=section("phrases", _kept),
        budgets=section("budgets", _kept),
        analysis=section("analysis", lambda entry: str(entry.value)),
        assets=assets,
    )


def fingerprint_of(entries: Merged, *, env: str | None, assets: Mapping[str, bytes]) -> str:
    """A hash of all declarations, where they stand, the environment and the files they use."""
    written = [
        (section, [(entry.name, entry.address.path, entry.address.keys, entry.value) for entry in entries[section]])
        for section in sorted(entries.sections)
        if section not in _NOT_DECLARATIONS
    ]
    contents = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(assets.items())}
    text = json.dumps([env, written, contents], ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


_NOT_DECLARATIONS = frozenset(("rules", "default", "when", "version", "ignore"))


def _setting(entries: Merged, name: str) -> str | None:
    for entry in entries[name]:
        if isinstance(entry.value, str):
            return entry.value
    return None


def _attribute(entry: Entry) -> Attribute:
    fields = _fields(entry)
    default = fields.get("default")
    return Attribute(
        name=entry.name,
        type=_type(fields),
        address=entry.address,
        enum=_enum(fields),
        default=None if default is None else read_operand(default),
        source=_source(fields.get("from"), entry.name),
    )


def _source(written: object, name: str) -> str:
    return written if isinstance(written, str) else f"metadata:{name}"


def _signal(entry: Entry) -> SignalDeclaration:
    fields = _fields(entry)
    cost = fields.get("cost")
    return SignalDeclaration(
        name=entry.name,
        type=_type(fields),
        address=entry.address,
        enum=_enum(fields),
        timeout=_text(fields.get("timeout")),
        cost=cost if isinstance(cost, str | int | float) else None,
    )


def _type(fields: Mapping[str, Any]) -> AttributeType:
    written = fields.get("type")
    return AttributeType(written) if written in _TYPES else AttributeType.STRING


_TYPES = frozenset(kind.value for kind in AttributeType)


def _enum(fields: Mapping[str, Any]) -> tuple[Scalar, ...] | None:
    written = fields.get("enum")
    values = read_operand(written) if isinstance(written, list) else None
    return values if isinstance(values, tuple) and values else None


def _provider(entry: Entry) -> Provider:
    fields = _fields(entry)
    return Provider(
        name=entry.name,
        kind=_text(fields.get("kind")) or "",
        tags=read_texts(fields.get("tags")),
        settings=fields,
        address=entry.address,
    )


def _model(entry: Entry) -> Model:
    fields = _fields(entry)
    price = fields.get("price")
    return Model(
        name=entry.name,
        provider=_text(fields.get("provider")) or "",
        model=_text(fields.get("model")) or "",
        address=entry.address,
        price=price if isinstance(price, dict) else None,
        context=_scalar(fields.get("context")),
        max_output=_scalar(fields.get("max_output")),
        latency=_scalar(fields.get("latency")),
        quality=_quality(fields.get("quality")),
        accepts=read_texts(fields["accepts"]) if "accepts" in fields else None,
        tags=read_texts(fields.get("tags")),
    )


def _quality(written: object) -> float | None:
    try:
        return None if written is None else float(parse_quantity(written, Kind.SHARE))
    except QuantityError:
        return None


def _tier(entry: Entry) -> Tier:
    return Tier(name=entry.name, models=read_texts(_fields(entry).get("models")), address=entry.address)


def _named_condition(entry: Entry) -> NamedCondition:
    return NamedCondition(name=entry.name, when=read_condition(entry.value, entry.address), address=entry.address)


def _score(entry: Entry) -> Score:
    return Score(name=entry.name, parts=tuple(_parts(entry)), address=entry.address)


def _parts(entry: Entry) -> Iterable[ScorePart]:
    for position, written in enumerate(entry.value if isinstance(entry.value, list) else ()):
        address = entry.address.child(position)
        fields = written if isinstance(written, dict) else {}
        when, points = read_condition(fields.get("when"), address.child("when")), fields.get("points")
        if when is not None and isinstance(points, int | float):
            yield ScorePart(when=when, points=points, address=address)


def _cascade(entry: Entry) -> Cascade:
    fields = _fields(entry)
    return Cascade(
        name=entry.name,
        steps=tuple(_steps(fields.get("steps"), entry.address.child("steps"))),
        limits=read_limits(fields.get("limits"), entry.address.child("limits")),
        address=entry.address,
    )


def _steps(written: object, address: Address) -> Iterable[Step]:
    for position, step in enumerate(written if isinstance(written, list) else ()):
        place = address.child(position)
        fields = step if isinstance(step, dict) else {}
        route = read_route(fields.get("route"), place.child("route"))
        if route is not None:
            yield Step(route=route, accept=read_condition(fields.get("accept"), place.child("accept")), address=place)


def _kept(entry: Entry) -> Setting:
    return Setting(name=entry.name, value=_fields(entry), address=entry.address)


def _fields(entry: Entry) -> Mapping[str, Any]:
    return entry.value if isinstance(entry.value, dict) else {}


def _text(written: object) -> str | None:
    return written if isinstance(written, str) else None


def _scalar(written: object) -> Scalar | None:
    return written if isinstance(written, str | int | float) else None
