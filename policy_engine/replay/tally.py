"""What many replayed cases add up to, exactly, so that parts that were counted apart can be added together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy_engine.replay.outcomes import Case, Recorded
from policy_engine.replay.replayer import Replayed


@dataclass(slots=True)
class Sum:
    """A sum of what is known, and of how many it is unknown."""

    total: Fraction = Fraction(0)
    known: int = 0
    unknown: int = 0

    def add(self, amount: Decimal | Fraction | None) -> None:
        """Adds one amount; None is unknown."""
        if amount is None:
            self.unknown += 1
        else:
            self.total += Fraction(amount)
            self.known += 1

    def merge(self, other: Sum) -> None:
        """Adds another sum."""
        self.total += other.total
        self.known += other.known
        self.unknown += other.unknown

    def to_json(self) -> tuple[str, int, int]:
        """The three in their order, the total as a fraction."""
        return str(self.total), self.known, self.unknown

    @classmethod
    def from_json(cls, written: Sequence[Any]) -> Sum:
        """What `to_json` gave."""
        total, known, unknown = written
        return cls(Fraction(total), known, unknown)

    def mean(self) -> float | None:
        """The mean of what is known; None if nothing is."""
        return float(self.total / self.known) if self.known else None

    def whole(self) -> float | None:
        """The sum; None if an amount is unknown."""
        return None if self.unknown else float(self.total)


@dataclass(slots=True)
class Worth:
    """Scores and costs of some way to answer requests."""

    score: Sum = field(default_factory=Sum)
    cost_usd: Sum = field(default_factory=Sum)

    def add(self, score: Decimal | Fraction | None, cost_usd: Decimal | Fraction | None) -> None:
        """Adds one request."""
        self.score.add(score)
        self.cost_usd.add(cost_usd)

    def merge(self, other: Worth) -> None:
        """Adds what another counted."""
        self.score.merge(other.score)
        self.cost_usd.merge(other.cost_usd)

    def to_json(self) -> tuple[tuple[str, int, int], tuple[str, int, int]]:
        """Both sums in their order."""
        return self.score.to_json(), self.cost_usd.to_json()

    @classmethod
    def from_json(cls, written: Sequence[Any]) -> Worth:
        """What `to_json` gave."""
        return cls(*map(Sum.from_json, written))


@dataclass(slots=True)
class PolicyTally:
    """
    What one policy did.

    Attributes:
        calls: by model; `callers` counts the requests that called it at least once.
        unknown: requests in which something that was needed was not known; `missing` counts them by what.
        statuses, limits, rules: requests by how they ended, the limit that spoke, the rule that decided.
    """

    requests: int = 0
    worth: Worth = field(default_factory=Worth)
    escalated: int = 0
    cached: int = 0
    unknown: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    limits: Counter[str] = field(default_factory=Counter)
    rules: Counter[str | None] = field(default_factory=Counter)

    def add(self, one: Replayed) -> None:
        """Counts one case."""
        self.requests += 1
        self.worth.add(one.score, one.cost_usd)
        self.escalated += one.escalated
        self.cached += one.cached
        self.unknown += bool(one.missing) or one.score is None
        self.calls.update(one.calls)
        self.callers.update(one.calls.keys())
        self.missing.update(one.missing)
        self.statuses[one.status.value] += 1
        self.rules[one.rule] += 1
        if one.limit is not None:
            self.limits[one.limit] += 1

    def merge(self, other: PolicyTally) -> None:
        """Adds what another counted."""
        self.requests += other.requests
        self.worth.merge(other.worth)
        self.escalated += other.escalated
        self.cached += other.cached
        self.unknown += other.unknown
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))

    def to_json(self) -> dict[str, Any]:
        """All that was counted, exactly, to be kept and read back."""
        counters = {name: list(getattr(self, name).items()) for name in _COUNTERS}
        return {**{name: getattr(self, name) for name in _COUNTS}, "worth": self.worth.to_json(), **counters}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> PolicyTally:
        """What `to_json` gave."""
        named: dict[str, Any] = {name: written[name] for name in _COUNTS}
        named |= {name: Counter(dict(written[name])) for name in _COUNTERS}
        return cls(**named, worth=Worth.from_json(written["worth"]))


_COUNTS = ("requests", "escalated", "cached", "unknown")
_COUNTERS = ("calls", "callers", "missing", "statuses", "limits", "rules")


@dataclass(slots=True)
class Models:
    """
    What the models themselves did, whatever a policy would have.

    Attributes:
        requests: how many cases.
        by_name: each model called for every request of which it has an outcome.
        random: a model drawn for each request with equal chances, its expected value.
        oracle: the cheapest of the best answers.
    """

    requests: int = 0
    by_name: dict[str, Worth] = field(default_factory=dict)
    random: Worth = field(default_factory=Worth)
    oracle: Worth = field(default_factory=Worth)

    def add(self, case: Case) -> None:
        """Counts one case."""
        self.requests += 1
        for model, recorded in case.outcomes.items():
            self.by_name.setdefault(model, Worth()).add(recorded.score, recorded.cost_usd)
        outcomes = list(case.outcomes.values())
        self.random.add(_mean([one.score for one in outcomes]), _mean([one.cost_usd for one in outcomes]))
        self.oracle.add(*_best(outcomes))

    def merge(self, other: Models) -> None:
        """Adds what another counted."""
        self.requests += other.requests
        for model, worth in other.by_name.items():
            self.by_name.setdefault(model, Worth()).merge(worth)
        self.random.merge(other.random)
        self.oracle.merge(other.oracle)

    def to_json(self) -> dict[str, Any]:
        """All that was counted, exactly, to be kept and read back."""
        by_name = {model: worth.to_json() for model, worth in self.by_name.items()}
        both = {"random": self.random.to_json(), "oracle": self.oracle.to_json()}
        return {"requests": self.requests, "by_name": by_name, **both}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Models:
        """What `to_json` gave."""
        return cls(
            requests=written["requests"],
            by_name={model: Worth.from_json(worth) for model, worth in written["by_name"].items()},
            random=Worth.from_json(written["random"]),
            oracle=Worth.from_json(written["oracle"]),
        )

    def missing(self, model: str) -> int:
        """Of how many requests there is no score of a model."""
        return self.requests - self.by_name[model].score.known


def _mean(amounts: list[Decimal | None]) -> Fraction | None:
    known = [Fraction(amount) for amount in amounts if amount is not None]
    return sum(known, Fraction(0)) / len(known) if len(known) == len(amounts) else None


def _best(outcomes: list[Recorded]) -> tuple[Decimal | None, Decimal | None]:
    """The best score, and what its cheapest answer costs."""
    scores = [one.score for one in outcomes if one.score is not None]
    if not scores:
        return None, None
    best = max(scores)
    costs = [one.cost_usd for one in outcomes if one.score == best]
    known = [cost for cost in costs if cost is not None]
    return best, min(known) if len(known) == len(costs) else None
