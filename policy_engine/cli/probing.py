"""Probes of an imported configuration: decided by the new policies, counted, and written down as tests of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """A probe that learned signals cannot help and that is not decided as its authors expect."""

    probe: str
    expected: str
    rule: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A probe that cannot be tried, and why."""

    probe: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeCount:
    """
    How probes were decided.

    Attributes:
        probes: how many were.
        free: how many need no learned signal, for the expected decision and all before it.
        as_expected: how many of those are decided as their authors expect.
        others_as_expected: how many of the rest are, with all learned signals unknown.
        wrong: those that are not, and that no signal could change.
        left_out: those that could not be tried.
    """

    probes: int = 0
    free: int = 0
    as_expected: int = 0
    others_as_expected: int = 0
    wrong: tuple[Mistake, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __add__(self, other: ProbeCount) -> ProbeCount:
        return ProbeCount(
            probes=self.probes + other.probes,
            free=self.free + other.free,
            as_expected=self.as_expected + other.as_expected,
            others_as_expected=self.others_as_expected + other.others_as_expected,
            wrong=self.wrong + other.wrong,
            left_out=self.left_out + other.left_out,
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
            "left_out": [{"probe": one.probe, "reason": one.reason} for one in self.left_out],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedProbe:
    """
    A probe as the new policies decide it.

    Attributes:
        request: what was decided, as data, with the signals that could be measured.
        expected: the rule that is to decide.
        decided: the rule that did; None for `default`.
        missing: the signals that left a rule unknown on the way, by name.
    """

    probe: Probe
    request: dict[str, Any]
    expected: RuleReads
    decided: str | None
    missing: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether the rule that decided is the expected one."""
        return self.decided == self.expected.rule

    @property
    def is_free(self) -> bool:
        """Whether no learned signal is needed, by the expected rule and all before it."""
        return not self.expected.learned

    @property
    def is_wrong(self) -> bool:
        """Whether it is decided otherwise, and no signal that is missing can be why."""
        return not self.is_right and (self.is_free or not self.missing)

    def count(self) -> ProbeCount:
        """This probe, counted."""
        mistake = Mistake(probe=self.probe.id, expected=self.probe.expected, rule=self.decided)
        return ProbeCount(
            probes=1,
            free=int(self.is_free),
            as_expected=int(self.is_free and self.is_right),
            others_as_expected=int(not self.is_free and self.is_right),
            wrong=(mistake,) if self.is_wrong else (),
        )

    def case(self) -> dict[str, Any]:
        """The test that it becomes; one that waits for signals says for which."""
        case = {"name": self.probe.id, "request": self.request, "expect": {"rule": self.expected.rule}}
        if self.is_right or self.is_wrong:
            return case
        return {**case, "todo": f"waits for learned signals, to be given under `signals`: {', '.join(self.missing)}"}


def try_probes(
    router: ImportedRouter, probes: Sequence[Probe], policy_set: PolicySet
) -> tuple[tuple[TriedProbe, ...], ProbeCount]:
    """Every probe that can be tried, with how these policies decide it, and the count of all."""
    tried: list[TriedProbe] = []
    count = ProbeCount()
    for probe in probes:
        try:
            one = _tried(router, probe, policy_set)
        except ValueError as problem:
            count += ProbeCount(left_out=(LeftOut(probe=probe.id, reason=str(problem)),))
            continue
        tried.append(one)
        count += one.count()
    return tuple(tried), count


def probe_tests(tried: Sequence[TriedProbe]) -> dict[str, str]:
    """A file of tests with these probes; nothing if there are none."""
    cases = [one.case() for one in tried]
    return {TESTS: to_yaml({"cases": cases})} if cases else {}


def _tried(router: ImportedRouter, probe: Probe, policy_set: PolicySet) -> TriedProbe:
    """
    A probe, decided.

    Raises:
        ValueError: it cannot be; says why.
    """
    expected = router.rule_of(probe.expected, probe.request.get("wants", {}).get("model"))
    if expected is None:
        raise ValueError(f"it expects `{probe.expected}`, which no decision is called")
    if all(rule.name != expected.rule for rule in policy_set.rules):
        raise ValueError(f"it expects `{probe.expected}`, which can never be taken")
    written = dict(probe.measured(router.measures))
    request = read_request(written, attributes=policy_set.declarations.attributes)
    decision = decide(policy_set, request)
    return TriedProbe(
        probe=probe,
        request=written,
        expected=expected,
        decided=decision.rule,
        missing=tuple(_signals(decision.unknown)),
    )


def _signals(unknown: Sequence[str]) -> Iterator[str]:
    """Those of the names that a request supplies under `signals`."""
    for name in unknown:
        if "." in name and not name.startswith("attributes."):
            yield name
