"""Made-up requests for made-up policies: complete, sparse, invalid, and everything between."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from tests.property import pools
from tests.property.chance import happens

_INVALID: Sequence[Any] = (7.5, "elsewhere", ["?", 3], {"a": 1}, True)
_LONG = "hello " * 43_000


def make_request(rng: Random) -> dict[str, Any]:
    """A request as a line of JSON would say it; it always says its moment."""
    if happens(rng, 0.3):
        return make_plain_request(rng)
    request: dict[str, Any] = {"at": rng.choice(pools.MOMENTS)}
    if happens(rng, 0.7):
        request["id"] = f"r{rng.randint(0, 99)}"
    if happens(rng, 0.8):
        request["task"] = rng.choice((*pools.TASKS, *pools.TASKS, "undeclared"))
    request |= _texts(rng)
    request["attributes"] = _attributes(rng)
    if happens(rng, 0.15):
        request["tools"] = [{"type": "function", "function": {"name": "look"}}]
    if happens(rng, 0.2):
        request["params"] = {"max_tokens": rng.choice((5, 53))}
    if happens(rng, 0.4):
        request["wants"] = _wants(rng)
    if happens(rng, 0.3):
        request["session"] = rng.choice(("s1", "s2"))
    if happens(rng, 0.3):
        request["user"] = rng.choice(("u1", "u2"))
    if happens(rng, 0.15):
        request["tokens"] = {rng.choice(("message", "input")): rng.choice((0, 8, 58, 100))}
    if happens(rng, 0.75):
        request["signals"] = make_signals(rng, share=rng.choice((0.3, 0.6, 1)), invalid=0.04)
    return request


def make_plain_request(rng: Random) -> dict[str, Any]:
    """A request of one text for a declared task, with every attribute."""
    values = {name: _valid(rng, name, type_) for name, type_ in pools.ATTRIBUTE_TYPES.items()}
    name = {"id": f"r{rng.randint(0, 99)}"} if happens(rng, 0.5) else {}
    moment, task, text = rng.choice(pools.MOMENTS), rng.choice(pools.TASKS), make_text(rng)
    return {**name, "at": moment, "task": task, "input": text, "attributes": values}


def make_signals(rng: Random, *, share: float, invalid: float) -> dict[str, Any]:
    """Values for a share of the signals; some are invalid, and if any may be, some lack fields."""
    signals: dict[str, Any] = {}
    for section, names in _SIGNALS.items():
        for name in names:
            if happens(rng, share):
                broken = happens(rng, invalid)
                value = rng.choice((None, *_INVALID)) if broken else _signal(rng, section, name, partly=invalid > 0)
                signals.setdefault(section, {})[name] = value
    if happens(rng, share):
        signals["session"] = _fields(rng, _SESSION, partly=invalid > 0)
    return signals


def flat(signals: dict[str, Any]) -> dict[str, Any]:
    """Signals by the names that rules ask for: `cache.exact`, `session`."""
    found = {"session": signals["session"]} if "session" in signals else {}
    for section, names in signals.items():
        if section != "session":
            found |= {f"{section}.{name}": value for name, value in names.items()}
    return found


_SIGNALS: dict[str, Sequence[str]] = {
    "cache": pools.CACHES,
    "classifier": ("complexity",),
    "similar": ("greetings",),
    "budget": ("daily",),
    "escalation": ("careful",),
    "latency": pools.MODELS,
    "errors": pools.MODELS[:2],
    "message": ("language",),
    "input": ("language",),
    "signal": tuple(pools.SIGNAL_TYPES),
}
_SHARES = (0, 0.05, 0.3, 0.5, 0.9, 0.95, 1)
_FIELDS: dict[str, dict[str, Sequence[Any]]] = {
    "cache": {"similarity": _SHARES, "hit": (True, False)},
    "classifier": {"label": pools.LABELS, "score": _SHARES},
    "budget": {"used": (*_SHARES, 1.2), "left": (-1, 0, 0.5, 5, 20)},
    "escalation": {"rate": _SHARES, "requests": (0, 5, 100)},
    "latency": {"p50": (0, 0.4, 1, 2), "p95": (0.4, 2.5, 60)},
    "errors": {"rate": _SHARES},
}
_SESSION: dict[str, Sequence[Any]] = {
    "tier": pools.TIERS,
    "model": pools.MODELS,
    "escalations": (0, 1, 2),
    "errors": (0, 1, 5),
}


def _signal(rng: Random, section: str, name: str, *, partly: bool) -> Any:
    if section in _FIELDS:
        return _fields(rng, _FIELDS[section], partly=partly)
    if section == "similar":
        return rng.choice(_SHARES)
    if section == "signal":
        return [rng.choice(pools.ITEMS)] if name == "topics" else rng.choice(pools.VALUES[name])
    return rng.choice(pools.LANGUAGES)


def _fields(rng: Random, fields: dict[str, Sequence[Any]], *, partly: bool) -> dict[str, Any]:
    return {name: rng.choice(pool) for name, pool in fields.items() if not partly or happens(rng, 0.85)}


def _attributes(rng: Random) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for name, type_ in pools.ATTRIBUTE_TYPES.items():
        kind = rng.random()
        if kind > 0.45:
            listed = [rng.choice(pools.ITEMS) for _ in range(rng.randint(0, 2))]
            attributes[name] = listed if type_ == "list" else rng.choice(pools.VALUES[name])
        elif kind > 0.42:
            attributes[name] = rng.choice(_INVALID)
        elif kind > 0.38:
            attributes[name] = None
    if happens(rng, 0.1):
        attributes["undeclared"] = 1
    return attributes


def _valid(rng: Random, name: str, type_: str) -> Any:
    items = pools.ENUMS.get(name, pools.ITEMS)
    return [rng.choice(items) for _ in range(rng.randint(0, 2))] if type_ == "list" else rng.choice(pools.VALUES[name])


def _wants(rng: Random) -> dict[str, Any]:
    wants = {
        "stream": rng.choice((True, False)),
        "json": rng.choice((True, False)),
        "model": rng.choice(("auto", "fast", "tiny", "own/huge", "no-such-model")),
    }
    return {name: value for name, value in wants.items() if happens(rng, 0.6)}


def make_text(rng: Random) -> str:
    """A short text; now and then empty, blank, or longer than is searched."""
    kind = rng.random()
    if kind < 0.08:
        return rng.choice(("", "  ", "\n"))
    if kind < 0.085:
        return _LONG
    return rng.choice(("", " ")).join(rng.choice(pools.WORDS) for _ in range(rng.randint(1, 6)))


def _texts(rng: Random) -> dict[str, Any]:
    kind = rng.random()
    if kind < 0.5:
        return {"input": make_text(rng)}
    if kind < 0.88:
        return {"messages": [_message(rng) for _ in range(rng.randint(0, 4))]}
    return {}


def _message(rng: Random) -> dict[str, Any]:
    role = rng.choice(("user", "user", "system", "assistant", "tool"))
    message: dict[str, Any] = {"role": role, "content": make_text(rng)}
    if role == "user" and happens(rng, 0.2):
        image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
        message["content"] = [{"type": "text", "text": make_text(rng)}, image]
    if role == "assistant" and happens(rng, 0.6):
        call = {"id": "c", "type": "function", "function": {"name": rng.choice(("look", "find")), "arguments": "{}"}}
        message["tool_calls"] = [call] * rng.randint(1, 2)
    if role == "tool" and happens(rng, 0.3):
        message["is_error"] = True
    return message
