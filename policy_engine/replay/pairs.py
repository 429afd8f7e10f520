"""One request decided by two versions of policies, at the same moment and on the same signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.decision import Decision
from policy_engine.model.request import read_request
from policy_engine.replay.causes import Cause, Compared
from policy_engine.replay.deeds import Deeds
from policy_engine.signals.live import pure_sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A request that two versions decide differently."""

    request: Mapping[str, Any]
    before: Decision
    after: Decision
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """
    What two versions say about one request; `cause` None if they do the same.

    `old_usd` and `new_usd` are estimates of the first call, None where a price is unknown.
    """

    before: Decision
    after: Decision
    cause: Cause | None

    @property
    def old_usd(self) -> Decimal | None:
        """What the first call of the old version costs."""
        return None if self.before.estimate is None else self.before.estimate.cost_usd

    @property
    def new_usd(self) -> Decimal | None:
        """What the first call of the new version costs."""
        return None if self.after.estimate is None else self.after.estimate.cost_usd


class Pair:
    """
    Two versions.

    Args:
        now: the moment of requests that do not say theirs.
    """

    def __init__(self, old: PolicySet, new: PolicySet, *, now: datetime) -> None:
        self.old, self.new = old, new
        self._compared = Compared(old, new)
        self._deeds = Deeds(), Deeds()
        self._clock: Callable[[], datetime] = lambda: now
        self._learn = pure_sources(old).resolve, pure_sources(new).resolve

    def see(self, written: Mapping[str, Any], *, estimate: bool = False) -> Seen:
        """
        What both versions say.

        Raises:
            ValueError: it is no request.
        """
        before, after = self._decided(written, trace=False, estimate=estimate)
        if self._deeds[0].of(before) == self._deeds[1].of(after):
            return Seen(before=before, after=after, cause=None)
        cause = self._compared.cause(*self._decided(written, trace=True, estimate=False))
        return Seen(before=before, after=after, cause=cause)

    def _decided(self, written: Mapping[str, Any], *, trace: bool, estimate: bool) -> tuple[Decision, Decision]:
        old = read_request(written, attributes=self.old.declarations.attributes)
        new = read_request(written, attributes=self.new.declarations.attributes)
        return (
            decide(self.old, old, learn=self._learn[0], clock=self._clock, trace=trace, estimate=estimate),
            decide(self.new, new, learn=self._learn[1], clock=self._clock, trace=trace, estimate=estimate),
        )
