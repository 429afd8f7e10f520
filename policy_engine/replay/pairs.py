"""One request decided by two versions of policies, at the same moment and on the same signals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide, decided
from policy_engine.evaluator.estimate import estimate_of
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request, read_request
from policy_engine.replay.causes import Cause, Compared
from policy_engine.replay.deeds import Deeds
from policy_engine.signals.live import pure_sources, unanswerable_in


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

    `task` is the request's own; `old_usd` and `new_usd` are estimates of the first call, None where a price is unknown.
    """

    before: Decision
    after: Decision
    cause: Cause | None
    task: str | None = None

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
        self._sides = _Side(old, lambda: now), _Side(new, lambda: now)

    def see(self, written: Mapping[str, Any], *, estimate: bool = False) -> Seen:
        """
        What both versions say.

        Raises:
            ValueError: it is no request.
        """
        old, new = self._read(written)
        before, after = self._sides[0].decided(old, estimate=estimate), self._sides[1].decided(new, estimate=estimate)
        if self._deeds[0].of(before) == self._deeds[1].of(after):
            return Seen(before=before, after=after, cause=None, task=old.task)
        cause = self._compared.cause(self._sides[0].traced(old), self._sides[1].traced(new))
        return Seen(before=before, after=after, cause=cause, task=old.task)

    def _read(self, written: Mapping[str, Any]) -> tuple[Request, Request]:
        """The request as each version reads it: where the body of a chat has attributes, the policies say."""
        old = read_request(written, attributes=self.old.declarations.attributes)
        return old, read_request(written, attributes=self.new.declarations.attributes)


class _Side:
    """One of two versions, which decides at one moment and learns from requests alone."""

    def __init__(self, policy_set: PolicySet, clock: Callable[[], datetime]) -> None:
        self._policy_set = policy_set
        self._clock = clock
        self._sources = pure_sources(policy_set)
        self._unanswerable = unanswerable_in(policy_set, self._sources)

    def decided(self, request: Request, *, estimate: bool) -> Decision:
        """The decision."""
        facts = Facts(request, self._policy_set.layout, self._clock)
        facts.unanswerable = self._unanswerable
        decision, facts = decided(self._policy_set, facts, learn=self._sources.resolve)
        return decision.with_estimate(estimate_of(decision, facts, self._policy_set)) if estimate else decision

    def traced(self, request: Request) -> Decision:
        """The same with its trace."""
        return decide(self._policy_set, request, learn=self._sources.resolve, clock=self._clock, trace=True)
