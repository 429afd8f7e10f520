"""A study: one or several policies on the same outcomes, in one pass, beside what the models do by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.replay.baselines import Baseline, baselines_of, singles_of
from policy_engine.replay.curve import Curve, Point, curve_of
from policy_engine.replay.outcomes import Case
from policy_engine.replay.replayer import Replayed, Replayer
from policy_engine.replay.tally import Models, PolicyTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrant:
    """A policy set of a study; those with the same `name` are settings of one policy, told apart by `setting`."""

    name: str
    policy_set: PolicySet
    setting: str = ""


class Named(Protocol):
    """What is told apart in a finding."""

    @property
    def name(self) -> str:
        """The policy's name."""
        ...

    @property
    def setting(self) -> str:
        """Which setting of it; empty as it is written."""
        ...


@dataclass(slots=True)
class Count:
    """What was counted so far: the models by themselves, and each entrant in its order."""

    models: Models = field(default_factory=Models)
    tallies: list[PolicyTally] = field(default_factory=list)

    def merge(self, other: Count) -> None:
        """Adds what another one counted of other cases."""
        self.models.merge(other.models)
        self.tallies += [PolicyTally() for _ in other.tallies[len(self.tallies) :]]
        for mine, theirs in zip(self.tallies, other.tallies, strict=True):
            mine.merge(theirs)

    def to_json(self) -> dict[str, Any]:
        """All that was counted, exactly, to be kept and read back."""
        return {"models": self.models.to_json(), "tallies": [one.to_json() for one in self.tallies]}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Count:
        """What `to_json` gave."""
        return cls(Models.from_json(written["models"]), list(map(PolicyTally.from_json, written["tallies"])))


class Study:
    """Counts cases as they come."""

    def __init__(self, entrants: Sequence[Entrant], *, now: datetime) -> None:
        self.count = Count(tallies=[PolicyTally() for _ in entrants])
        self._replayers = [Replayer(entrant.policy_set, now=now) for entrant in entrants]

    def add(self, case: Case) -> tuple[Replayed, ...]:
        """
        Replays one case with every policy, and gives what each did.

        Raises:
            ValueError: it holds no request; nothing is counted.
        """
        results = tuple(replayer.replay(case) for replayer in self._replayers)
        self.count.models.add(case)
        for tally, result in zip(self.count.tallies, results, strict=True):
            tally.add(result)
        return results


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one policy came to: its tally as it is written, and its curve if two models make one."""

    name: str
    tally: PolicyTally
    curve: Curve | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The end of a study; `singles` are all models, each called for every request."""

    requests: int
    lines: tuple[Line, ...]
    baselines: tuple[Baseline, ...]
    singles: tuple[Baseline, ...] = ()


def finding_of(entrants: Sequence[Named], count: Count, *, chosen: str | None = None) -> Finding:
    """
    What a count says about its entrants.

    Args:
        chosen: a model to compare with, which is also the strong one of curves; else the dearest is.

    Raises:
        KeyError: there is no outcome of the chosen model.
    """
    baselines = baselines_of(count.models, chosen=chosen)
    singles = tuple(singles_of(count.models))
    names = list(dict.fromkeys(entrant.name for entrant in entrants))
    by_name = {name: [i for i, entrant in enumerate(entrants) if entrant.name == name] for name in names}
    lines = []
    for name, places in by_name.items():
        written = next((i for i in places if not entrants[i].setting), places[0])
        settings = [(entrants[i].setting, count.tallies[i]) for i in places]
        lines.append(Line(name=name, tally=count.tallies[written], curve=_curve(baselines, settings)))
    return Finding(requests=count.models.requests, lines=tuple(lines), baselines=baselines, singles=singles)


def _curve(baselines: Iterable[Baseline], settings: Sequence[tuple[str, PolicyTally]]) -> Curve | None:
    by_name = {baseline.name: baseline for baseline in baselines}
    weak, strong = by_name.get("cheapest"), by_name.get("chosen", by_name.get("dearest"))
    if weak is None or strong is None or weak.model == strong.model or weak.score is None or strong.score is None:
        return None
    ends = (_end(weak, 0.0, weak.score), _end(strong, 1.0, strong.score))
    points = [_point(setting, tally, strong.model or "") for setting, tally in settings]
    found = [point for point in points if point is not None]
    return curve_of(weak.model or "", strong.model or "", ends=ends, settings=found) if found else None


def _end(baseline: Baseline, calls: float, score: float) -> Point:
    return Point(calls=calls, score=score, cost_usd=baseline.cost_usd, label=baseline.model or "")


def _point(setting: str, tally: PolicyTally, strong: str) -> Point | None:
    score = tally.worth.score.mean()
    if score is None:
        return None
    return Point(
        calls=tally.callers[strong] / tally.requests, score=score, cost_usd=tally.worth.cost_usd.whole(), label=setting
    )
