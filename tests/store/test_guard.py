"""Tests of what is held back although it builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_engine.pipeline import BuildResult, build
from policy_engine.store.guard import FIXED_WHILE_LIVE, accident, fixed_change
from tests.store.bundles import write_bundle


def built(folder: Path, *, rules: int) -> BuildResult:
    """A build of so many rules."""
    write_bundle(folder, rules=rules)
    return build(folder)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (3, 3, None),
        (4, 2, None),
        (5, 2, "3 of 5 rules are gone"),
        (1, 0, "all 1 rules are gone"),
        (2, 0, "all 2 rules are gone"),
        (0, 0, None),
        (0, 5, None),
    ],
)
def test_more_than_half_of_the_rules_gone_looks_like_an_accident(
    tmp_path: Path, before: int, after: int, reason: str | None
) -> None:
    """A bundle that lost all rules, or more than half, is held; half of them gone, and more rules, are fine."""
    refusal = accident(built(tmp_path / "live", rules=before), built(tmp_path / "new", rules=after))

    assert (None if refusal is None else refusal.reason) == reason


def test_a_setting_that_cannot_change_live_is_named(tmp_path: Path) -> None:
    """A change of a fixed setting is refused by the name that its author knows."""
    live, new = built(tmp_path / "live", rules=1), built(tmp_path / "new", rules=2)
    fixed = {"fingerprint": lambda declarations: declarations.fingerprint, "zone": lambda declarations: declarations}

    same = fixed_change(live, live, fixed)
    changed = fixed_change(live, new, fixed)

    assert same is None
    assert str(changed) == "`zone` cannot change while the engine runs; restart it to take the change over"


def test_nothing_is_fixed_now(tmp_path: Path) -> None:
    """Whatever a bundle declares can change while an engine runs."""
    assert FIXED_WHILE_LIVE == {}
    assert fixed_change(built(tmp_path / "live", rules=1), built(tmp_path / "new", rules=2)) is None
