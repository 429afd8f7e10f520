"""Records of a ledger for tests, in which only what matters is said."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from policy_engine.ledger.record import Call, Record


def call(**said: Any) -> Call:
    """An answer of the first step; what is not said is None."""
    made = {**dict.fromkeys(field.name for field in fields(Call)), "position": 0, "purpose": "answer", "step": 0}
    return Call(**{**made, "reasons": (), **said})


def record(**said: Any) -> Record:
    """A record of a request that was carried out; what is not said is None."""
    made: dict[str, Any] = dict.fromkeys(field.name for field in fields(Record))
    return Record(**{**made, "id": "r", "at_us": 0, "effect": "cascade", "escalations": 0, **said})
