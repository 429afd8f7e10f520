"""Live counters as signals: budgets, escalations and sessions in a state, latency and errors in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from policy_engine.errors import SignalError, StateError
from policy_engine.model.facts import Facts
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
    """What this process measured of models, a `Source` of `latency` and `errors`; goes on across reloads."""

    blocking: ClassVar[bool] = False
    latencies: Latencies = field(default_factory=Latencies)
    failures: Failures = field(default_factory=Failures)

    def knows(self, group: str) -> bool:
        """Whether a group is measured."""
        return group.partition(".")[0] in ("latency", "errors")

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:  # noqa: ARG002  (a Source's signature)
        """Values of those groups that are measured."""
        return {group: self._read(group, now_s) for group in groups if self.knows(group)}

    def _read(self, group: str, now_s: float) -> object:
        section, _, model = group.partition(".")
        measure = self.latencies if section == "latency" else self.failures
        return measure.read(model, now_s=now_s)


class Counters:
    """
    The counters of some policies, a `Source`; made anew for each generation, over the same state and measurements.

    Attributes:
        budgets, escalations, sessions, sticks: to be told what happens.
        measured: latencies and failures, likewise; asked separately, since it never has to wait.
    """

    def __init__(self, declarations: Declarations, *, state: State, measured: Measurements) -> None:
        self.budgets = Budgets(state, budgets_of(declarations))
        self.escalations = Escalations(state, tallies_of(declarations))
        self.sessions = Sessions(state)
        self.sticks = Sticks(state)
        self.measured = measured
        self.blocking = state.blocking
        self._readers: Mapping[str, _Read] = {
            "budget": lambda name, facts, now_s: self.budgets.read(name, facts, now_s=now_s),
            "escalation": lambda name, _, now_s: self.escalations.read(name, now_s=now_s),
            "session": lambda _, facts, now_s: self.sessions.read(facts.request.session, now_s=now_s),
        }

    def knows(self, group: str) -> bool:
        """Whether a group is counted in the state."""
        return group.partition(".")[0] in self._readers

    def resolve(self, groups: tuple[str, ...], facts: Facts, now_s: float) -> dict[str, object]:
        """
        Values of those groups that are counted (`budget.NAME`, `session`…).

        A SignalError (not raised) where the state cannot be used.
        """
        return {group: self._read(group, facts, now_s) for group in groups if self.knows(group)}

    def _read(self, group: str, facts: Facts, now_s: float) -> object:
        section, _, name = group.partition(".")
        try:
            return self._readers[section](name, facts, now_s)
        except StateError as error:
            return SignalError(group, error.reason)
