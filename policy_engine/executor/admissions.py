"""Admissions of one request: what it was let in for under limits that requests share, and what came of that."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from policy_engine.errors import StateError
from policy_engine.executor.reach import StateUnreachable
from policy_engine.model.commands import Admit
from policy_engine.model.decision import Decision
from policy_engine.model.events import Emit, SignalFailed
from policy_engine.model.facts import Facts
from policy_engine.model.outcome import Outcome
from policy_engine.signals.admission import Admission
from policy_engine.signals.counters import Counters

_RATE: Final = "escalation_rate"
_SESSION: Final = "session_escalations"


class Admissions:
    """
    Asks the counters whether a request may begin at the first step of its cascade, and whether it may escalate.

    Safe under threads: what is asked late, when nobody waits for it any more, is given back.

    Args:
        on_state_error: `allow` to go on where that cannot be asked, `deny` not to.
        wall_s: the present moment, Unix seconds.

    Attributes:
        is_uncounted: whether something could not be asked.
    """

    def __init__(
        self,
        counters: Counters,
        decision: Decision,
        facts: Facts,
        *,
        emit: Emit,
        on_state_error: str = "allow",
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.is_uncounted = False
        self._counters = counters
        self._cascade = decision.plan.cascade
        self._facts = facts
        self._emit = emit
        self._on_state_error = on_state_error
        self._wall_s = wall_s
        self._granted: dict[str, deque[Admission]] = {_RATE: deque(), _SESSION: deque()}

    def admit(self, command: Admit) -> bool | None:
        """
        Whether a request is let in; None where that is not counted, or the request itself says what is.

        Raises:
            StateUnreachable: it could not be asked, and `on_state_error` says `deny`.
        """
        try:
            admitted = self._asked(command)
        except StateError as error:
            self.unreachable(command, error.reason)
            return None
        if admitted is None:
            return None
        if admitted.is_granted:
            self._granted[command.limit].append(admitted)
        return admitted.is_granted

    def unreachable(self, command: Admit, reason: str) -> None:
        """
        What stands for an answer that could not be had.

        Raises:
            StateUnreachable: `on_state_error` says `deny`.
        """
        group = "session" if command.limit == _SESSION else f"escalation.{self._cascade}"
        self.is_uncounted = True
        self._emit(SignalFailed(signal=group, reason=reason))
        if self._on_state_error == "deny":
            raise StateUnreachable(group)

    def give_back(self, command: Admit, is_granted: bool | None) -> None:
        """Gives back what was granted at last, and nobody waits for. A state that cannot be used is told."""
        if is_granted:
            self._tell_failure(lambda: self._settle_one(command.limit, None))

    def release(self, outcome: Outcome | None = None) -> None:
        """
        Ends what was granted to a request that did not come to its end: only the escalations that were made count.

        A state that cannot be used is told.
        """
        self._tell_failure(lambda: self.settle(outcome, escalated=None))

    def settle(self, outcome: Outcome | None, *, escalated: bool | None) -> int:
        """
        Counts what became of everything that was granted.

        Args:
            escalated: whether the request went beyond the first step; None where it says nothing about that.

        Returns:
            How many escalations of its session are counted by now.

        Raises:
            StateError: the state cannot be used.
        """
        while self._settle_one(_RATE, escalated):
            pass
        made = 0 if outcome is None else outcome.escalations
        counted = 0
        while self._settle_one(_SESSION, counted < made):
            counted += 1
        return min(counted, made)

    @property
    def are_open(self) -> bool:
        """Whether something was granted of which it is not known yet what came of it."""
        return any(self._granted.values())

    @property
    def counts_rate(self) -> bool:
        """Whether the request was let in under the limit of its cascade's rate, and is counted there when settled."""
        return bool(self._granted[_RATE])

    def _asked(self, command: Admit) -> Admission | None:
        supplied, now_s = self._facts.request.signals, self._wall_s()
        if command.limit == _SESSION:
            if "session" in supplied:
                return None
            return self._counters.sessions.admit(self._facts.request.session, math.ceil(command.most), now_s=now_s)
        if self._cascade is None or self._cascade in (supplied.get("escalation") or ()):
            return None
        return self._counters.escalations.admit(self._cascade, command.most, now_s=now_s)

    def _settle_one(self, limit: str, escalated: bool | None) -> bool:
        """Settles the last that was granted under a limit; False if nothing is left."""
        try:
            admitted = self._granted[limit].pop()
        except IndexError:
            return False
        if limit == _SESSION:
            self._counters.sessions.settle(admitted, escalated=bool(escalated), now_s=self._wall_s())
        else:
            self._counters.escalations.settle(admitted, escalated=escalated, now_s=self._wall_s())
        return True

    def _tell_failure(self, settle: Callable[[], object]) -> None:
        try:
            settle()
        except StateError as error:
            self.is_uncounted = True
            self._emit(SignalFailed(signal="session", reason=error.reason, error=error))
