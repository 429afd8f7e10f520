"""Where requests went: how many to which rule, tier and model, at what cost, and what was odd about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from policy_engine.model.decision import CLEAN, Decision, Notes

Name = TypeVar("Name", str, str | None)


class Choice(NamedTuple):
    """
    What was decided, less what is peculiar to one request; `rule` None is `default`.

    A tuple, since one is made and looked up for every request.
    """

    effect: str
    rule: str | None
    tier: str | None
    model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One decided request, as a line of a table; costs in USD, None where a price is unknown."""

    id: str | None
    task: str | None
    choice: Choice
    cost_usd: Decimal | None
    default_usd: Decimal | None
    notes: Notes


@dataclass(slots=True)
class Load:
    """
    How many requests, and what their first calls cost.

    `usd` and `default_usd` (were `default` to decide) add up the same requests: those for which both are known;
    `unpriced` counts the others.
    """

    requests: int = 0
    usd: Decimal = Decimal(0)
    default_usd: Decimal = Decimal(0)
    unpriced: int = 0

    def add(self, other: Load) -> None:
        """Adds what another one counted."""
        self.requests += other.requests
        self.usd += other.usd
        self.default_usd += other.default_usd
        self.unpriced += other.unpriced

    def to_json(self) -> tuple[int, str, str, int]:
        """The four in their order, money as text, which is exact."""
        return self.requests, format(self.usd, "f"), format(self.default_usd, "f"), self.unpriced

    @property
    def is_priced(self) -> bool:
        """Whether there is a request whose cost is known."""
        return self.unpriced < self.requests


@dataclass(slots=True)
class Traffic:
    """
    What many decisions add up to.

    `unknown` counts requests by what was unknown, `errors` by what was invalid, `skipped` by model and reason.
    """

    loads: dict[Choice, Load] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        """Counts one request."""
        self.count(row.choice, row.cost_usd, row.default_usd, notes=row.notes)

    def count(self, choice: Choice, cost_usd: Decimal | None, default_usd: Decimal | None, *, notes: Notes) -> None:
        """The same of a request of which only this is known."""
        load = self._load(choice)
        load.requests += 1
        if cost_usd is None or default_usd is None:
            load.unpriced += 1
        else:
            load.usd += cost_usd
            load.default_usd += default_usd
        if notes is CLEAN:
            return
        if notes.unknown:
            self.unknown.update(notes.unknown)
        if notes.errors:
            self.errors.update({error.partition(":")[0] for error in notes.errors})
        if notes.skipped:
            self.skipped.update((one.model, one.reason) for one in notes.skipped)

    def merge(self, other: Traffic) -> None:
        """Counts what another one counted."""
        for choice, load in other.loads.items():
            self._load(choice).add(load)
        self.unknown.update(other.unknown)
        self.errors.update(other.errors)
        self.skipped.update(other.skipped)

    def total(self) -> Load:
        """Everything."""
        return _sum(self.loads.values())

    def by(self, key: Callable[[Choice], Name]) -> list[tuple[Name, Load]]:
        """Loads by a name (or None) that `key` gives to choices, the largest first."""
        groups: dict[Name, Load] = {}
        for choice, load in self.loads.items():
            groups.setdefault(key(choice), Load()).add(load)
        return sorted(groups.items(), key=lambda group: (-group[1].requests, group[0] or ""))

    def to_json(self) -> dict[str, Any]:
        """All that was counted, exactly, to be kept and read back."""
        loads = [
            [choice.effect, choice.rule, choice.tier, choice.model, *load.to_json()]
            for choice, load in self.loads.items()
        ]
        skipped = [[model, reason, count] for (model, reason), count in self.skipped.items()]
        return {"loads": loads, "unknown": dict(self.unknown), "errors": dict(self.errors), "skipped": skipped}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Traffic:
        """What `to_json` gave."""
        loads = {
            Choice(*names): Load(requests, Decimal(usd), Decimal(default_usd), unpriced)
            for *names, requests, usd, default_usd, unpriced in written["loads"]
        }
        skipped = Counter({(model, reason): count for model, reason, count in written["skipped"]})
        return cls(loads, Counter(written["unknown"]), Counter(written["errors"]), skipped)

    def _load(self, choice: Choice) -> Load:
        load = self.loads.get(choice)
        if load is None:
            load = self.loads[choice] = Load()
        return load


def row_of(decision: Decision, *, task: str | None, default_usd: Decimal | None) -> Row:
    """The row of a decision that has an estimate."""
    return Row(
        id=decision.id,
        task=task,
        choice=Choice(decision.effect, decision.rule, decision.tier, decision.model),
        cost_usd=None if decision.estimate is None else decision.estimate.cost_usd,
        default_usd=default_usd,
        notes=decision.notes,
    )


def _sum(loads: Iterable[Load]) -> Load:
    total = Load()
    for load in loads:
        total.add(load)
    return total
