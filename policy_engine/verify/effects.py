"""The parts of an effect, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address
from policy_engine.model.effect import Modifiers, Route, Terminal, Then

MODIFIERS = ("remember", "shadow", "limits", "params", "instructions", "only", "stick", "log", "tags")
"""The modifiers, by the key that sets each."""


def effect_addresses(then: Then) -> Iterator[tuple[str, Address]]:
    """Each effect by its key, the one that decides first."""
    if then.terminal is not None:
        yield terminal_key(then.terminal), terminal_address(then)
    for key in modifiers_set(then.modifiers):
        yield key, then.address.child(key)


def terminal_key(terminal: Terminal) -> str:
    """The key under which a deciding effect is written."""
    return {"Respond": "respond", "Route": "route", "RunCascade": "cascade", "Deny": "deny"}[type(terminal).__name__]


def terminal_address(then: Then) -> Address:
    """Where the deciding effect stands."""
    return then.address.child("route") if isinstance(then.terminal, Route) else _address(then)


def modifiers_set(modifiers: Modifiers) -> Iterator[str]:
    """The keys of the modifiers that say something."""
    return (key for key in MODIFIERS if getattr(modifiers, key))


def _address(then: Then) -> Address:
    return then.address if then.terminal is None else then.terminal.address
