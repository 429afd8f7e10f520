"""Live counters as signals: budgets, escalations, latency, errors and sessions, asked by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from policy_engine.errors import StateError
from policy_engine.model.events import Emit, SignalFailed, harmless
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.policy import Declarations
from policy_engine.signals.budgets import Budgets, budgets_of
from policy_engine.signals.escalations import Escalations, tallies_of
from policy_engine.signals.failures import Failures
from policy_engine.signals.latency import Latencies
from policy_engine.signals.sessions import Sessions, Sticks
from policy_engine.state.state import State

_Read: TypeAlias = Callable[[str, Facts, float], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """What this process measured of models; goes on across reloads."""

    latencies: Latencies = field(default_factory=Latencies)
    failures: Failures = field(default_factory=Failures)


class Counters:
    """
    The counters of some policies; made anew for each generation, over the same state and measurements.

    Attributes:
        budgets, escalations, sessions, sticks: to be told what happens.
        measured: latencies and failures, likewise.
    """

    def __init__(
        self,
        declarations: Declarations,
        *,
        state: State,
        measured: Measurements,
        on_event: Emit | None = None,
    ) -> None:
        self.budgets = Budgets(state, budgets_of(declarations))
        self.escalations = Escalations(state, tallies_of(declarations))
        self.sessions = Sessions(state)
        self.sticks = Sticks(state)
        self.measured = measured
        self._emit = harmless(on_event)
        self._readers: Mapping[str, _Read] = {
            "budget": lambda name, facts, now_s: self.budgets.read(name, facts, now_s=now_s),
            "escalation": lambda name, _, now_s: self.escalations.read(name, now_s=now_s),
            "latency": lambda name, _, now_s: measured.latencies.read(name, now_s=now_s),
            "errors": lambda name, _, now_s: measured.failures.read(name, now_s=now_s),
            "session": lambda _, facts, now_s: self.sessions.read(facts.request.session, now_s=now_s),
        }

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:
        """
        Values of those groups that are counters (`budget.NAME`, `session`…), for `decide` to learn from.

        UNKNOWN, and an event, where the state cannot be used. Blocks only if another process writes to the state.
        """
        return {group: self._read(group, facts, now_s) for group in groups if self.knows(group)}

    def knows(self, group: str) -> bool:
        """Whether a group is a counter."""
        return group.partition(".")[0] in self._readers

    def _read(self, group: str, facts: Facts, now_s: float) -> object:
        section, _, name = group.partition(".")
        try:
            return self._readers[section](name, facts, now_s)
        except StateError as error:
            self._emit(SignalFailed(signal=group, reason=error.reason, error=error))
            return UNKNOWN
