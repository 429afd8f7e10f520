"""What is handed to the ledger: a request that was decided or carried out, and what a shadow said later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import urandom
from typing import Any, TypeAlias

from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import CallRecord, Outcome


def new_id() -> str:
    """A name for a record that no other record has."""
    return urandom(16).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One request.

    Attributes:
        decision: what the policies said.
        facts: what was known of the request in the end, signals included.
        outcome: what came of it; None if it was only decided.
        at_s: when it came in, Unix seconds.
        elapsed_ms: how long it took from then to the end of its answer; None if it was only decided.
        cache: what a cache did for it, such as `hit`, `miss`; None if none was asked.
        id: the record's name; handing in the same one again changes nothing.
    """

    decision: Decision
    facts: Facts
    outcome: Outcome | None = None
    at_s: float
    elapsed_ms: float | None = None
    cache: str | None = None
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowEntry:
    """
    What a shadow came to, for the record `id`.

    `result` is plain data (how the answers compare, never their text); `calls` are what it paid.
    """

    id: str
    at_s: float
    result: Mapping[str, Any]
    calls: tuple[CallRecord, ...] = ()


Handed: TypeAlias = Entry | ShadowEntry
