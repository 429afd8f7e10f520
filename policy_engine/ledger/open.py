"""Opening a ledger: which file, what is kept of requests, how fast it is written."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from policy_engine.ledger.writer import Keeping, Pace, Writer
from policy_engine.model.events import Emit
from policy_engine.state.open import file_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """
    A ledger to write to, for those who want more than its address.

    Attributes:
        address: `sqlite:///FILE`, or a path; made on first use.
        keeping: what is kept of requests, and how long.
        pace: how the backlog is worked off.
        decisions: whether `Engine.decide` is recorded too, with the status `decided`. Not by default: a decision that
            nobody carries out costs nothing, and there may be very many.
        busy_timeout_s: how long to wait for others who write, before it counts as a failure.
    """

    address: str | os.PathLike[str]
    keeping: Keeping = field(default_factory=Keeping)
    pace: Pace = field(default_factory=Pace)
    decisions: bool = False
    busy_timeout_s: float = 5.0


def ledger_at(given: str | os.PathLike[str] | Ledger) -> Ledger:
    """
    A ledger by its address, or as it is.

    Raises:
        ValueError: the address names no SQLite file.
    """
    ledger = given if isinstance(given, Ledger) else Ledger(address=given)
    file_of(ledger.address)
    return ledger


def open_writer(ledger: Ledger, *, on_event: Emit | None = None) -> Writer:
    """What writes to a ledger. The file is opened when there is something to write."""
    return Writer(
        file_of(ledger.address),
        keeping=ledger.keeping,
        pace=ledger.pace,
        on_event=on_event,
        busy_timeout_s=ledger.busy_timeout_s,
    )
