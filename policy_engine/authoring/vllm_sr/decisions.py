"""Decisions turned into rules: their trees of signals into conditions, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policy_engine.authoring.draft import Draft, entries
from policy_engine.authoring.formula import Formula, all_of, any_of, negated
from policy_engine.authoring.vllm_sr.effects import effects_of
from policy_engine.authoring.vllm_sr.profile import Profile
from policy_engine.authoring.vllm_sr.projections import Projections
from policy_engine.authoring.vllm_sr.signals import Signals

_KNOWN = ("name", "description", "priority", "tier", "rules", "modelRefs", "algorithm", "plugins", "annotations")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReads:
    """
    A rule and the signals, by type and name, that it and all rules before it read.

    Attributes:
        decision: what the other router calls it.
        models: the names of the router that lead to it; empty for those that it always has.
        learned: those of the signals that a model has to be asked for.
    """

    rule: str
    decision: str
    models: tuple[str, ...]
    reads: frozenset[tuple[str, str]]
    learned: frozenset[tuple[str, str]]


def add_rules(
    profile: Profile, signals: Signals, draft: Draft, *, file: str, models: Sequence[str]
) -> tuple[RuleReads, ...]:
    """Adds a rule for each decision to a draft, and tells what they read; `models` are the names that lead to them."""
    projections = Projections(signals)
    reads: frozenset[tuple[str, str]] = frozenset()
    told = []
    for decision in profile.decisions:
        called = str(decision.get("name"))
        name = signals.prefix + called
        tree = decision.get("rules")
        reads |= _reads(tree, projections)
        learned = frozenset((kind, name) for kind, name in reads if signals.is_learned(kind, name))
        told.append(RuleReads(rule=name, decision=called, models=tuple(models), reads=reads, learned=learned))
        when = True if not tree else _formula(tree, signals, projections)
        _add_rule(decision, when, name, draft, f"{profile.place}.decisions.{called}", file)
    if profile.ordered_by_confidence:
        said = "decisions of one rank are ordered by priority and name, not by how sure their signals are"
        draft.differs(f"{profile.place}.decisions", said)
    return tuple(told)


def _add_rule(decision: Mapping[str, Any], when: Formula, name: str, draft: Draft, place: str, file: str) -> None:
    draft.rest(place, decision, _KNOWN)
    if when is False:
        draft.left_out(place, "a decision that can never be taken")
        return
    described = {"description": str(decision["description"])} if decision.get("description") else {}
    condition = {} if when is True else {"when": when}
    rule = {"name": name, **described, **condition, "then": effects_of(decision, draft, place)}
    draft.rules.setdefault(file, []).append(rule)


def _formula(node: Mapping[str, Any], signals: Signals, projections: Projections) -> Formula:
    if "type" in node:
        return _leaf(node, signals, projections)
    parts = [_formula(child, signals, projections) for child in entries(node.get("conditions"))]
    operator = str(node.get("operator", "OR")).upper()
    if operator == "NOT":
        return negated(parts[0]) if len(parts) == 1 else False
    return all_of(parts) if operator == "AND" else any_of(parts)


def _leaf(node: Mapping[str, Any], signals: Signals, projections: Projections) -> Formula:
    kind, name = str(node["type"]).strip().lower(), str(node.get("name"))
    if kind == "projection":
        return projections.band(name)
    predicate = node.get("predicate")
    return signals.formula(
        kind, name, predicate if isinstance(predicate, Mapping) else None, str(node.get("label") or "")
    )


def _reads(node: object, projections: Projections) -> frozenset[tuple[str, str]]:
    if not isinstance(node, Mapping):
        return frozenset()
    if "type" in node:
        kind, name = str(node["type"]).strip().lower(), str(node.get("name"))
        return projections.reads(name) if kind == "projection" else frozenset(((kind, name),))
    children = [_reads(child, projections) for child in entries(node.get("conditions"))]
    return frozenset().union(*children)
