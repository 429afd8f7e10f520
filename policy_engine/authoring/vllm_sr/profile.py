"""One routing profile of the other router: its signals, scores, bands and decisions, as written there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy_engine.authoring.draft import entries, mapping

SECTIONS: Mapping[str, str] = {
    "keyword": "keywords",
    "embedding": "embeddings",
    "domain": "domains",
    "fact_check": "fact_check",
    "user_feedback": "user_feedbacks",
    "reask": "reasks",
    "preference": "preferences",
    "language": "language",
    "context": "context",
    "structure": "structure",
    "complexity": "complexity",
    "modality": "modality",
    "authz": "role_bindings",
    "jailbreak": "jailbreak",
    "pii": "pii",
    "kb": "kb",
    "conversation": "conversation",
    "event": "events",
    "metadata": "metadata",
    "classifier": "classifiers",
}
"""The section of `signals` that declares each type of signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    A routing profile.

    Attributes:
        place: where it stands in the file.
        signals: declarations by type and name.
        scores: by name.
        bands: by the name of an output: its mapping, and its position among the mapping's outputs.
        decisions: in the order in which they are tried here.
        ordered_by_confidence: whether the other router would look at confidence before priority somewhere.
    """

    place: str
    signals: Mapping[tuple[str, str], Mapping[str, Any]]
    scores: Mapping[str, Mapping[str, Any]]
    bands: Mapping[str, tuple[Mapping[str, Any], int]]
    decisions: Sequence[Mapping[str, Any]]
    ordered_by_confidence: bool

    def declared(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """The declaration of a signal; `complexity` names carry a level behind a colon."""
        base = name.partition(":")[0] if kind == "complexity" else name
        return self.signals.get((kind, base))


def read_profile(routing: Mapping[str, Any], place: str) -> Profile:
    """The profile that a `routing` section holds."""
    projections = mapping(routing.get("projections"))
    decisions = entries(routing.get("decisions"))
    return Profile(
        place=place,
        signals=dict(_signals(mapping(routing.get("signals")))),
        scores={str(score.get("name")): score for score in entries(projections.get("scores"))},
        bands=dict(_bands(entries(projections.get("mappings")))),
        decisions=_in_order(decisions),
        ordered_by_confidence=_looks_at_confidence(decisions, routing.get("strategy")),
    )


def _signals(signals: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for kind, section in SECTIONS.items():
        for signal in entries(signals.get(section)):
            # Decisions name a role, not the binding that grants it.
            name = signal.get("role", signal.get("name")) if kind == "authz" else signal.get("name")
            yield (kind, str(name)), signal


def _bands(mappings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, tuple[Mapping[str, Any], int]]]:
    for bands in mappings:
        for position, output in enumerate(entries(bands.get("outputs"))):
            yield str(output.get("name")), (bands, position)


def _in_order(decisions: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Lowest tier first where there are tiers, then highest priority, then by name."""

    def rank(decision: Mapping[str, Any]) -> tuple[int, int, str]:
        return _whole(decision.get("tier")), -_whole(decision.get("priority")), str(decision.get("name"))

    return sorted(decisions, key=rank)


def _looks_at_confidence(decisions: Sequence[Mapping[str, Any]], strategy: object) -> bool:
    tiers = [_whole(decision.get("tier")) for decision in decisions]
    if any(tiers):
        return len(set(tiers)) < len(tiers)
    priorities = [_whole(decision.get("priority")) for decision in decisions]
    return strategy == "confidence" or len(set(priorities)) < len(priorities)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
