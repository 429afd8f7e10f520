"""What a change does to traffic, counted."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from policy_engine.replay.causes import Cause, Why
from policy_engine.replay.interval import Interval, bootstrap
from policy_engine.replay.moves import Group, Moves
from policy_engine.replay.pairs import Pair
from tests.replay.bundles import policies

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SHORT = "rules: [{name: short, when: {message: {chars: {lte: %d}}}, then: {route: low}}]\ndefault: {route: high}\n"
REQUESTS = [{"id": f"q{n}", "input": "x" * n, "params": {"max_tokens": 100}} for n in (5, 10, 15, 20, 25)]


def moved(folder: Path) -> list[Moves]:
    """The requests above, each counted by itself."""
    pair = Pair(policies(folder / "a", SHORT % 10), policies(folder / "b", SHORT % 20), now=NOW)
    parts = []
    for request in REQUESTS:
        part = Moves()
        part.add(pair.see(request, estimate=True), str(request["id"]))
        parts.append(part)
    return parts


def test_requests_move_by_cause_and_tier(tmp_path: Path) -> None:
    """Two of five go to the other tier, for one cause, and cost less by the difference of the prices."""
    total = Moves()
    for part in moved(tmp_path):
        total.merge(part)

    cause = Cause(why=Why.CONDITION, rule="short", said="message.chars <= 10 → message.chars <= 20")
    first, second = -Decimal("0.001836"), -Decimal("0.001845")
    assert (total.requests, total.moved, total.share, total.delta_usd) == (5, 2, 0.4, first + second)
    assert total.groups == {cause: Group(requests=2, delta_usd=first + second, examples=["q15", "q20"])}
    assert total.tiers == {("high", "low"): 2}
    assert total.deltas == [0, 0, first, second, 0]


def test_an_interval_is_the_same_each_time_and_holds_the_sum() -> None:
    """The seed is fixed; amounts that do not vary leave no doubt."""
    amounts = [0.0] * 90 + [1.0] * 10

    interval = bootstrap(amounts)

    assert interval == bootstrap(amounts)
    assert interval is not None
    assert interval.low < 10 < interval.high
    assert bootstrap([2.0] * 50) == Interval(low=pytest.approx(100), high=pytest.approx(100))
    assert bootstrap([0.0] * 50) == Interval(low=0.0, high=0.0)
    assert bootstrap([1.0]) is None
