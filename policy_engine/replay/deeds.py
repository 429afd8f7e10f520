"""What a decision comes to in the end, so that two versions of policies can be compared by what they do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy_engine.compiler.view import outcome_text
from policy_engine.model.decision import Decision
from policy_engine.model.plan import Verdict, modifiers_json


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, whoever decided it: equal deeds are the same to a caller. `content` is JSON."""

    content: str


class Deeds:
    """Deeds of decisions; what a verdict comes to is worked out once for each verdict."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Verdict, Deed]] = {}

    def of(self, decision: Decision) -> Deed:
        """The deed of a decision."""
        verdict = decision.verdict
        known = self._known.get(id(verdict))
        if known is not None and known[0] is verdict:
            return known[1]
        deed = deed_of(verdict)
        if len(self._known) < _MOST:  # verdicts fitted to one request are new each time
            self._known[id(verdict)] = (verdict, deed)
        return deed


_MOST = 10_000


def deed_of(verdict: Verdict) -> Deed:
    """What a verdict comes to."""
    first = None if verdict.first is None else [verdict.first.model, verdict.first.tier]
    content: Mapping[str, Any] = {
        "effect": verdict.effect,
        "first": first,
        "plan": verdict.plan.to_json(),
        "modifiers": modifiers_json(verdict.modifiers),
        "tags": list(verdict.modifiers.tags),
    }
    return Deed(json.dumps(content, sort_keys=True, default=str))


def told(decision: Decision) -> str:
    """What is done, in a few words: `route mini, haiku`, `cascade careful: …`, with what modifiers add."""
    verdict = decision.verdict
    added = [f"{name} {_brief(value)}" for name, value in modifiers_json(verdict.modifiers).items()]
    added += [f"tags {', '.join(verdict.modifiers.tags)}"] if verdict.modifiers.tags else []
    return outcome_text(verdict) + (f" ({'; '.join(added)})" if added else "")


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"
