"""A rule's `then`, the bundle's `default` and the limits of a cascade read into effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.diagnostics import Address
from policy_engine.model.effect import (
    Choice,
    Deny,
    Limit,
    Limits,
    Link,
    Modifiers,
    Named,
    Otherwise,
    Preference,
    Requested,
    Respond,
    Route,
    RunCascade,
    Shadow,
    Split,
    Stick,
    Terminal,
    Then,
)
from policy_engine.validator.read.conditions import read_operand, read_texts


def read_then(written: object, address: Address) -> Then:
    """The effect that a mapping writes down; what is no mapping has no effect."""
    fields = _fields(written)
    return Then(terminal=_terminal(fields, address), modifiers=_modifiers(fields, address), address=address)


def read_route(written: object, address: Address) -> Route | None:
    """A route of any form: one link, or a chain of them. `address` is where the links stand."""
    if isinstance(written, list):
        links = [_link(item, address.child(position)) for position, item in enumerate(written)]
        chain = tuple(link for link in links if link is not None)
    else:
        link = _link(written, address)
        chain = () if link is None else (link,)
    return Route(chain=chain, address=address) if chain else None


def read_limits(written: object, address: Address) -> Limits:
    """Limits by name, each written as a value or as `{max, otherwise, …}`."""
    fields = _fields(written)
    limits = {str(name): _limit(value, address.child(str(name))) for name, value in fields.items()}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _terminal(fields: Mapping[str, Any], address: Address) -> Terminal | None:
    if "route" in fields:
        return read_route(fields["route"], address.child("route"))
    if "respond" in fields:
        return _respond(fields["respond"], address.child("respond"))
    if "cascade" in fields:
        name = fields["cascade"]
        return RunCascade(name=name, address=address.child("cascade")) if isinstance(name, str) else None
    if "deny" in fields:
        return _deny(fields["deny"], address.child("deny"))
    return None


def _link(written: Any, address: Address) -> Link | None:
    if isinstance(written, str):
        return Requested(address=address) if written == "requested" else Named(name=written, address=address)
    if not isinstance(written, dict):
        return None
    if "split" in written:
        return _split(written, address)
    preference = next((p for p in Preference if p.value in written), None)
    return None if preference is None else _choice(preference, written, address)


def _split(written: Mapping[str, Any], address: Address) -> Split | None:
    weights = written["split"]
    if not isinstance(weights, dict):
        return None
    numbers = tuple((str(name), float(w)) for name, w in weights.items() if isinstance(w, int | float))
    return Split(weights=numbers, by=_text(written.get("by")), address=address)


def _choice(preference: Preference, written: Mapping[str, Any], address: Address) -> Choice:
    where = written.get("where")
    fields = _fields(where)
    return Choice(
        preference=preference,
        of=read_texts(written[preference.value]),
        ranges=tuple(_ranges(fields)),
        tags=read_texts(fields.get("tags")),
        address=address,
    )


def _ranges(fields: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for field, written in fields.items():
        for op, value in written.items() if isinstance(written, dict) else ():
            operand = read_operand(value)
            if operand is not None:
                yield field, op, operand


def _respond(written: Any, address: Address) -> Respond | None:
    if not isinstance(written, dict):
        return None
    return Respond(
        address=address,
        text=_text(written.get("text")),
        json=written.get("json"),
        template=_text(written.get("template")),
        cache=_text(written.get("cache")),
    )


def _deny(written: Any, address: Address) -> Deny:
    fields = _fields(written)
    plain = Deny(address=address)
    status, message = fields.get("status", plain.status), fields.get("message", plain.message)
    return Deny(
        address=address,
        status=status if isinstance(status, int) else plain.status,
        message=message if isinstance(message, str) else plain.message,
    )


def _modifiers(fields: Mapping[str, Any], address: Address) -> Modifiers:
    if _MODIFIERS.isdisjoint(fields):
        return _NO_MODIFIERS
    only = fields.get("only")
    return Modifiers(
        remember=_text(fields.get("remember")),
        shadow=_shadow(fields.get("shadow"), address.child("shadow")),
        limits=read_limits(fields["limits"], address.child("limits")) if "limits" in fields else None,
        params=fields["params"] if isinstance(fields.get("params"), dict) else None,
        instructions=_text(fields.get("instructions")),
        only=read_texts(only.get("tags")) if isinstance(only, dict) else (),
        stick=_stick(fields.get("stick"), address.child("stick")),
        log=_text(fields.get("log")),
        tags=read_texts(fields.get("tags")),
    )


def _shadow(written: Any, address: Address) -> Shadow | None:
    fields = _fields(written)
    judge = _fields(fields.get("judge"))
    route, share = read_route(fields.get("route"), address.child("route")), read_operand(fields.get("share", "100%"))
    if route is None or share is None:
        return None
    return Shadow(
        route=route,
        share=share,
        compare=_text(fields.get("compare")) or "similarity",
        budget=_text(fields.get("budget")),
        address=address,
        judge_model=_text(judge.get("model")),
        judge_question=_text(judge.get("question")),
    )


def _stick(written: Any, address: Address) -> Stick | None:
    fields = _fields(written)
    period = read_operand(fields.get("for"))
    return None if period is None else Stick(by=_text(fields.get("by")) or "session", period=period, address=address)


def _limit(written: Any, address: Address) -> Limit | None:
    if not isinstance(written, dict):
        bound = read_operand(written)
        return None if bound is None else Limit(max=bound, otherwise="last_answer", address=address)
    bound, requests = read_operand(written.get("max")), written.get("min_requests")
    if bound is None:
        return None
    return Limit(
        max=bound,
        otherwise=_otherwise(written.get("otherwise"), address.child("otherwise")),
        address=address,
        window=_text(written.get("window")),
        min_requests=requests if isinstance(requests, int) else None,
    )


def _otherwise(written: Any, address: Address) -> Otherwise:
    if isinstance(written, str):
        return written
    fields = _fields(written)
    if "respond" in fields:
        return _respond(fields["respond"], address.child("respond")) or "last_answer"
    return _deny(fields["deny"], address.child("deny")) if "deny" in fields else "last_answer"


def _fields(written: object) -> Mapping[str, Any]:
    return written if isinstance(written, dict) else {}


def _text(written: Any) -> str | None:
    return written if isinstance(written, str) else None


_NO_MODIFIERS = Modifiers()
_MODIFIERS = frozenset(("remember", "shadow", "limits", "params", "instructions", "only", "stick", "log", "tags"))
