"""Probes of an imported configuration: decided by the new policies, counted, and written down as tests of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from policy_engine.authoring.vllm_sr.config import ImportedRouter
from policy_engine.authoring.vllm_sr.decisions import RuleReads
from policy_engine.authoring.vllm_sr.probes import Probe
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.loader.foreign import to_yaml
from policy_engine.model.request import read_request

TESTS = "probes_test.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A probe that needs no learned signal and is not decided as its authors expect."""

    probe: str
    expected: str
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCount:
    """
    How probes were decided.

    Attributes:
        probes: how many there are.
        free: how many need no learned signal, for the expected decision and all before it.
        as_expected: how many of those are decided as their authors expect.
        others_as_expected: how many of the rest are, with all learned signals unknown.
        wrong: those of the free ones that are not.
    """

    probes: int = 0
    free: int = 0
    as_expected: int = 0
    others_as_expected: int = 0
    wrong: tuple[Mistake, ...] = ()

    def __add__(self, other: ProbeCount) -> ProbeCount:
        return ProbeCount(
            probes=self.probes + other.probes,
            free=self.free + other.free,
            as_expected=self.as_expected + other.as_expected,
            others_as_expected=self.others_as_expected + other.others_as_expected,
            wrong=self.wrong + other.wrong,
        )

    def to_json(self) -> dict[str, Any]:
        """The count for programs."""
        wrong = [{"probe": one.probe, "expected": one.expected, "rule": one.rule} for one in self.wrong]
        return {
            "probes": self.probes,
            "need_no_learned_signal": self.free,
            "as_expected": self.as_expected,
            "others_as_expected": self.others_as_expected,
            "wrong": wrong,
        }


def count_probes(router: ImportedRouter, probes: Sequence[Probe], policy_set: PolicySet) -> ProbeCount:
    """How these policies decide the probes."""
    count = ProbeCount()
    for probe in probes:
        request = read_request(probe.measured(router.measures), attributes=policy_set.declarations.attributes)
        decided, rule = decide(policy_set, request).rule, _rule_of(router, probe)
        right = rule is not None and decided == rule.rule
        if not _is_free(rule):
            count += ProbeCount(probes=1, others_as_expected=int(right))
            continue
        wrong = () if right else (Mistake(probe=probe.id, expected=probe.expected, rule=decided),)
        count += ProbeCount(probes=1, free=1, as_expected=int(right), wrong=wrong)
    return count


def probe_tests(router: ImportedRouter, probes: Sequence[Probe]) -> dict[str, str]:
    """A file of tests with the probes that need no learned signal; nothing if there are none."""
    cases = []
    for probe in probes:
        rule = _rule_of(router, probe)
        if rule is not None and _is_free(rule):
            request = dict(probe.measured(router.measures))
            cases.append({"name": probe.id, "request": request, "expect": {"rule": rule.rule}})
    return {TESTS: to_yaml({"cases": cases})} if cases else {}


def _rule_of(router: ImportedRouter, probe: Probe) -> RuleReads | None:
    model = probe.request.get("wants", {}).get("model")
    return router.rule_of(probe.expected, model)


def _is_free(rule: RuleReads | None) -> bool:
    return rule is not None and not rule.learned
