"""What a change of policies does to traffic: which requests move, why, between which tiers, for how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from policy_engine.model.decision import Decision
from policy_engine.replay.causes import Cause, Why
from policy_engine.replay.interval import GROUPS, Interval, bootstrap
from policy_engine.replay.pairs import Seen

_EXAMPLES = 3
_COUNTS = ("requests", "moved", "renamed", "unpriced", "dealt")


@dataclass(slots=True, kw_only=True)
class Group:
    """Requests that move for one cause: how many, by how much their estimated costs change, and some of their names."""

    requests: int = 0
    delta_usd: Decimal = Decimal(0)
    unpriced: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Moves:
    """
    Counts of many requests, each decided by both versions.

    Attributes:
        moved: those for which something else is done.
        renamed: those for which the same is done, by a rule of another name.
        groups: moved requests by cause.
        tiers: requests by where they went and go, where that differs.
        old_usd, new_usd: estimates of the first calls of those for which both are known; `unpriced` counts the others.
        deltas: sums of differences, requests dealt out in turn; `dealt` counts those beyond the first of each.
    """

    requests: int = 0
    moved: int = 0
    renamed: int = 0
    groups: dict[Cause, Group] = field(default_factory=dict)
    tiers: Counter[tuple[str, str]] = field(default_factory=Counter)
    old_usd: Decimal = Decimal(0)
    new_usd: Decimal = Decimal(0)
    unpriced: int = 0
    deltas: list[Decimal] = field(default_factory=list)
    dealt: int = 0

    def add(self, seen: Seen, name: str) -> None:
        """Counts one request, by its id or the number of its line."""
        delta = None if seen.old_usd is None or seen.new_usd is None else seen.new_usd - seen.old_usd
        self._add_cost(seen, delta)
        self.requests += 1
        if seen.cause is None:
            self.renamed += seen.before.rule != seen.after.rule
            return
        self.moved += 1
        group = self.groups.setdefault(seen.cause, Group())
        group.requests += 1
        group.delta_usd += delta or 0
        group.unpriced += delta is None
        if len(group.examples) < _EXAMPLES:
            group.examples.append(name)
        old, new = where(seen.before), where(seen.after)
        if old != new:
            self.tiers[old, new] += 1

    def merge(self, other: Moves) -> None:
        """Adds what another counted."""
        for name in ("requests", "moved", "renamed", "old_usd", "new_usd", "unpriced"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for cause, theirs in other.groups.items():
            mine = self.groups.setdefault(cause, Group())
            mine.requests += theirs.requests
            mine.delta_usd += theirs.delta_usd
            mine.unpriced += theirs.unpriced
            mine.examples += theirs.examples[: _EXAMPLES - len(mine.examples)]
        self.tiers.update(other.tiers)
        for delta in other.deltas:
            self._deal(delta)

    def to_json(self) -> dict[str, Any]:
        """All that was counted, exactly, to be kept and read back."""
        groups = [
            [cause.why.value, cause.rule, cause.said, one.requests, str(one.delta_usd), one.unpriced, one.examples]
            for cause, one in self.groups.items()
        ]
        return {
            **{name: getattr(self, name) for name in _COUNTS},
            "groups": groups,
            "tiers": [[old, new, count] for (old, new), count in self.tiers.items()],
            "old_usd": str(self.old_usd),
            "new_usd": str(self.new_usd),
            "deltas": list(map(str, self.deltas)),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Moves:
        """What `to_json` gave."""
        groups = {
            Cause(why=Why(why), rule=rule, said=said): Group(
                requests=requests, delta_usd=Decimal(delta_usd), unpriced=unpriced, examples=examples
            )
            for why, rule, said, requests, delta_usd, unpriced, examples in written["groups"]
        }
        return cls(
            **{name: written[name] for name in _COUNTS},
            groups=groups,
            tiers=Counter({(old, new): count for old, new, count in written["tiers"]}),
            old_usd=Decimal(written["old_usd"]),
            new_usd=Decimal(written["new_usd"]),
            deltas=list(map(Decimal, written["deltas"])),
        )

    @property
    def share(self) -> float:
        """The share of requests that move."""
        return self.moved / self.requests if self.requests else 0.0

    @property
    def delta_usd(self) -> Decimal:
        """By how much the estimated costs change."""
        return self.new_usd - self.old_usd

    def interval(self) -> Interval | None:
        """Between what that may lie."""
        return bootstrap([float(delta) for delta in self.deltas])

    def by_size(self) -> list[tuple[Cause, Group]]:
        """Causes, the one that moves most requests first."""
        return sorted(self.groups.items(), key=lambda pair: (-pair[1].requests, pair[0].rule or "", pair[0].said))

    def _add_cost(self, seen: Seen, delta: Decimal | None) -> None:
        if delta is None:
            self.unpriced += 1
            return
        self.old_usd += seen.old_usd or 0
        self.new_usd += seen.new_usd or 0
        self._deal(delta)

    def _deal(self, delta: Decimal) -> None:
        """Each request is one of its own as long as there are few, then they are dealt out in turn."""
        if len(self.deltas) < GROUPS:
            self.deltas.append(delta)
            return
        self.deltas[self.dealt % GROUPS] += delta
        self.dealt += 1


def where(decision: Decision) -> str:
    """Where a decision sends a request: a tier, else a model, else what is done without one."""
    if decision.model is None:
        return f"({decision.effect})" if not decision.plan.steps else "(no model fits)"
    return decision.tier or decision.model
