"""What the real evaluator says about a request, so that nothing is claimed that a dry run would not show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from policy_engine.compiler.graph import Node
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.possible import FALSE, MAYBE, TRUE, is_settled, outcomes, pending
from policy_engine.evaluator.progress import Needs, Progress, Try
from policy_engine.evaluator.settle import settle
from policy_engine.model.decision import Decision
from policy_engine.model.facts import UNKNOWN, Facts
from policy_engine.model.request import Request, read_request

_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


Given: TypeAlias = Request | Mapping[str, Any]
"""A request, or one as JSON."""


@dataclass(frozen=True, slots=True)
class Oracle:
    """Decides requests as a dry run without state does: a signal that the request does not supply is unknown."""

    policy_set: PolicySet

    def decision(self, request: Given) -> Decision:
        """The decision about a request."""
        return decide(self.policy_set, self._read(request), clock=lambda: _NOW)

    def decides(self, rule: CompiledRule | None, request: Given) -> bool:
        """Whether a rule decides the request; None for `default`."""
        decided = self.decision(request).verdict
        return decided.rule == (None if rule is None else rule.name)

    def matches(self, rule: CompiledRule, request: Given) -> bool:
        """Whether a rule would match if it were tried."""
        progress, facts = Progress(), self._facts(request)
        while isinstance(tried := settle(rule, facts, progress), Needs):
            facts = facts.knowing(dict.fromkeys(tried.signals, UNKNOWN))
        return tried is Try.MATCH

    def truth(self, node: Node | None, request: Given) -> bool | None:
        """Whether a condition holds for a request; None where that is unknown."""
        if node is None:
            return True
        facts = self._facts(request)
        while not is_settled(outcomes(node, facts)):
            asked = {group for _, group in pending((node,), facts)}
            if not asked:
                return None
            facts = facts.knowing(dict.fromkeys(asked, UNKNOWN))
        return {TRUE: True, FALSE: False, MAYBE: None}[outcomes(node, facts)]

    def _facts(self, request: Given) -> Facts:
        return Facts(self._read(request), self.policy_set.layout, lambda: _NOW)

    def _read(self, request: Given) -> Request:
        if isinstance(request, Request):
            return request
        return read_request(request, attributes=self.policy_set.declarations.attributes)
