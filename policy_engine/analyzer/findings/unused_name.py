"""
unused-name: something is declared that nothing uses.

Avoid:
    conditions:
      urgent: {message: {contains: [urgent, asap]}}
    rules:
      - {name: replies, when: {task: generate_reply}, then: {route: fast}}
Prefer:
    conditions:
      urgent: {message: {contains: [urgent, asap]}}
    rules:
      - {name: urgent-replies, when: {task: generate_reply, condition: urgent}, then: {route: workhorse}}
Why:
    Either it was forgotten, and a rule is missing, or it is a remnant that the next reader has to understand for
    nothing. A budget that no rule reads limits nothing; a tier that no route names is never called. Attributes and
    providers that nothing uses are only noted, since callers may send them for other reasons.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from policy_engine.analyzer.mentions import Mention, mentions
from policy_engine.analyzer.study import Study
from policy_engine.analyzer.telling import finding
from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.policy import ENTRY_WORDS, Tier

CODE = "PE514"
NAME = "unused-name"
SEVERITY = Severity.WARNING
_WORDS = {section: word for section, word in ENTRY_WORDS.items() if section != "caches"}
"""Of a cache that nothing uses there is more to say: see PE513."""

_NOTED = ("attributes", "providers")


def find(study: Study) -> Iterator[Finding]:
    """One finding for each name that is declared for nothing."""
    used = mentions(study.policy)
    for section, word in _WORDS.items():
        for name, declared in getattr(study.policy_set.declarations, section).items():
            if (section, name) in used or (section == "tiers" and _labels(declared, used)):
                continue
            found = finding(
                sys.modules[__name__],
                f"nothing uses {word} `{name}`",
                declared.address.child("name") if section == "tiers" else declared.address,
                help="use it, or remove it",
            )
            severity = Severity.INFO if section in _NOTED else SEVERITY
            part = Part.VALUE if section == "tiers" else Part.KEY
            yield replace(found, severity=severity, part=part)


def _labels(tier: Tier, used: frozenset[Mention]) -> bool:
    """Whether a tier that no route names is still what a model is reported under, since somebody calls it by name."""
    return any(("tiers", model) in used for model in tier.models)
