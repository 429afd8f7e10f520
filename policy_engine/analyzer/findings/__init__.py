"""
What a policy can say that is allowed but hardly meant: one finding per module, its docstring the manual page.

A finding looks at a whole bundle. The order of `FINDINGS` is that of codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from policy_engine.analyzer.findings import (
    always_true_condition,
    cascade_never_pays,
    contradictory_condition,
    duplicate_rule,
    one_sided_threshold,
    order_by_file_name,
    shadowed_rule,
    subsumed_rule,
    threshold_always_fires,
    threshold_never_fires,
    unbounded_escalation,
    uncovered_task,
    unknown_is_cheaper,
    unreachable_rule,
    unreachable_step,
    unused_cache,
    unused_name,
)
from policy_engine.analyzer.study import Study
from policy_engine.diagnostics import Finding, Severity


class Page(Protocol):
    """One kind of finding, as its module gives it; the manual page is the module's docstring."""

    CODE: str
    NAME: str
    SEVERITY: Severity
    """How bad it is if the bundle does not say otherwise."""

    def find(self, study: Study) -> Iterator[Finding]:
        """Whatever of this kind a bundle holds."""


FINDINGS: tuple[Page, ...] = (
    unreachable_rule,
    shadowed_rule,
    subsumed_rule,
    duplicate_rule,
    contradictory_condition,
    always_true_condition,
    order_by_file_name,
    uncovered_task,
    threshold_never_fires,
    threshold_always_fires,
    cascade_never_pays,
    unbounded_escalation,
    unused_cache,
    unused_name,
    unknown_is_cheaper,
    unreachable_step,
    one_sided_threshold,
)
"""Everything that is looked for."""
