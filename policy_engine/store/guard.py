"""What keeps a bundle that builds from going live: it looks like an accident, or cannot be taken over live."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from policy_engine.errors import BundleError, ReloadRefused

if TYPE_CHECKING:
    from policy_engine.model.policy import Declarations
    from policy_engine.pipeline import BuildResult

Fixed = Mapping[str, "Callable[[Declarations], object]"]

FIXED_WHILE_LIVE: Final[Fixed] = {}
"""
Settings that a running engine cannot take over, by the name an author knows them by.

Each has a function that reads it from a bundle's declarations. A reload that changes one is refused by that name; it
takes a restart. There is none now: whatever a bundle declares is taken over with its snapshot.
"""


def accident(live: BuildResult, new: BuildResult) -> ReloadRefused | None:
    """Why the new bundle looks like an accident: it has no rules left, or less than half of what the live one has."""
    before, after = live.report.rules, new.report.rules
    if before > 0 and after == 0:
        return ReloadRefused(f"all {before} rules are gone")
    if 2 * after < before:
        return ReloadRefused(f"{before - after} of {before} rules are gone")
    return None


def fixed_change(live: BuildResult, new: BuildResult, fixed: Fixed = FIXED_WHILE_LIVE) -> BundleError | None:
    """Which setting, by name, changed although a running engine cannot take it over; no force helps against that."""
    if live.policy_set is None or new.policy_set is None:
        return None
    old, candidate = live.policy_set.declarations, new.policy_set.declarations
    names = [name for name, read in fixed.items() if read(old) != read(candidate)]
    if not names:
        return None
    changed = " and ".join(f"`{name}`" for name in names)
    return BundleError(f"{changed} cannot change while the engine runs; restart it to take the change over")
