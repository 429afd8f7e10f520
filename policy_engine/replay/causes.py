"""Why two versions of policies decide one request differently: the first node at which their traces part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.model.decision import Decision
from policy_engine.model.plan import Verdict
from policy_engine.model.trace import Result, RuleTrace
from policy_engine.replay.changes import condition_change, effect_change, moved_rules, renamed_between
from policy_engine.replay.shapes import shape_of_modifiers, shape_of_verdict


class Why(StrEnum):
    """What the first difference is."""

    NEW = "new"
    GONE = "gone"
    CONDITION = "condition"
    EFFECT = "effect"
    ORDER = "order"
    DEFAULT = "default"
    SETTING = "setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """
    A reason why decisions move; equal for all requests that move for it.

    Attributes:
        rule: the rule at which the traces part; None for `default`.
        said: what differs there, for a person.
    """

    why: Why
    rule: str | None
    said: str


class Compared:
    """Two versions whose traces are compared."""

    def __init__(self, old: PolicySet, new: PolicySet) -> None:
        self._old_set, self._new_set = old, new
        self._renamed = renamed_between(old, new)
        self._old = {self._renamed.get(rule.name, rule.name): rule for rule in old.rules}
        self._new = {rule.name: rule for rule in new.rules}
        self._moved = moved_rules(list(self._old), list(self._new))

    def cause(self, before: Decision, after: Decision) -> Cause:
        """
        Why two decisions about one request differ.

        Args:
            before, after: both with their traces.
        """
        old_trace = {self._renamed.get(name, name): rule for name, rule in _by_rule(before).items()}
        new_trace = _by_rule(after)
        old_decider, new_decider = _decider(before), _decider(after)
        old_decider = old_decider and self._renamed.get(old_decider, old_decider)
        if old_decider == new_decider:
            return self._same_decider(old_decider, old_trace, new_trace)
        modifier = self._modifier(old_trace, new_trace, stop=(old_decider, new_decider))
        if old_decider is not None and (old_decider in new_trace or old_decider not in self._new):
            return modifier or self._at(old_decider, old_trace, new_trace)
        if new_decider is not None and (new_decider in old_trace or new_decider not in self._old):
            return modifier or self._at(new_decider, old_trace, new_trace)
        return Cause(why=Why.ORDER, rule=new_decider, said=f"it is tried before {_name(old_decider)} now")

    def _same_decider(
        self, decider: str | None, old_trace: Mapping[str, RuleTrace], new_trace: Mapping[str, RuleTrace]
    ) -> Cause:
        before, after = self._verdicts(decider)
        if shape_of_verdict(before) != shape_of_verdict(after):
            why = Why.DEFAULT if decider is None else Why.EFFECT
            return Cause(why=why, rule=decider, said=effect_change(before, after))
        if decider is not None and shape_of_modifiers(self._old[decider]) != shape_of_modifiers(self._new[decider]):
            return Cause(why=Why.EFFECT, rule=decider, said="it adds something else")
        modifier = self._modifier(old_trace, new_trace) or self._reordered(old_trace, new_trace)
        said = "the models, tiers or limits that it uses are others now"
        return modifier or Cause(why=Why.SETTING, rule=decider, said=said)

    def _verdicts(self, decider: str | None) -> tuple[Verdict, Verdict]:
        if decider is None:
            return self._old_set.default, self._new_set.default
        return self._old[decider].verdict or self._old_set.default, self._new[decider].verdict or self._new_set.default

    def _modifier(
        self,
        old_trace: Mapping[str, RuleTrace],
        new_trace: Mapping[str, RuleTrace],
        *,
        stop: tuple[str | None, ...] = (),
    ) -> Cause | None:
        """The first rule that only adds something, and does so in one version alone or adds something else."""
        for name in dict.fromkeys((*new_trace, *old_trace)):
            before, after = self._old.get(name), self._new.get(name)
            if name in stop or (before or after).verdict is not None:  # type: ignore[union-attr]  # one of them has it
                continue
            if before and after and (name not in old_trace or name not in new_trace):
                continue  # one of them decided before it came to this rule
            did, does = _matches(old_trace.get(name)), _matches(new_trace.get(name))
            if did != does:
                return self._at(name, old_trace, new_trace)
            if did and before and after and shape_of_modifiers(before) != shape_of_modifiers(after):
                return Cause(why=Why.EFFECT, rule=name, said="it adds something else")
        return None

    def _reordered(self, old_trace: Mapping[str, RuleTrace], new_trace: Mapping[str, RuleTrace]) -> Cause | None:
        """A rule that was moved, and so adds something before others, or no longer at all."""
        for name in self._moved:
            if _matches(old_trace.get(name)) or _matches(new_trace.get(name)):
                return Cause(why=Why.ORDER, rule=name, said="it is tried at another place now")
        return None

    def _at(self, name: str, old_trace: Mapping[str, RuleTrace], new_trace: Mapping[str, RuleTrace]) -> Cause:
        before, after = self._old.get(name), self._new.get(name)
        if before is None:
            return Cause(why=Why.NEW, rule=name, said="the rule is new")
        if after is None:
            return Cause(why=Why.GONE, rule=name, said="the rule is gone")
        if name not in old_trace or name not in new_trace:
            return Cause(why=Why.ORDER, rule=name, said="it is tried at another place now")
        said = self._condition(before, after, old_trace[name], new_trace[name])
        return Cause(why=Why.CONDITION, rule=name, said=said)

    def _condition(self, before: CompiledRule, after: CompiledRule, old: RuleTrace, new: RuleTrace) -> str:
        changed = condition_change(before, after)
        if changed:
            return changed
        if bool(before.verdict) != bool(after.verdict):
            return "it decides now" if before.verdict is None else "it decides no longer"
        tests = dict.fromkeys(test.text.removeprefix("not ") for test in (*new.tests, *old.tests))
        texts = " and ".join(tests) or "its condition"
        return f"{texts} comes out differently: what it reads is declared otherwise now"


def _by_rule(decision: Decision) -> dict[str, RuleTrace]:
    return {rule.rule: rule for rule in decision.trace.rules} if decision.trace is not None else {}


def _decider(decision: Decision) -> str | None:
    """The rule that decided, or that sent the request to `default` since it was unknown."""
    rules = () if decision.trace is None else decision.trace.rules
    if decision.rule is None and rules and rules[-1].result is Result.UNKNOWN_DEFAULT:
        return rules[-1].rule
    return decision.rule


def _matches(rule: RuleTrace | None) -> bool:
    return rule is not None and rule.result in (Result.MATCH, Result.UNKNOWN_MATCH)


def _name(rule: str | None) -> str:
    return "`default`" if rule is None else f"`{rule}`"
