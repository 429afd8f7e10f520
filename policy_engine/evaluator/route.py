"""Which models of a plan can serve this request, in which order: choices made, and misfits skipped with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy_engine.compiler.effects import each_once, passes
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.probes import sample_position
from policy_engine.compiler.room import answer_bound
from policy_engine.model.decision import Skipped
from policy_engine.model.effect import Limits, Modifiers, Preference
from policy_engine.model.facts import PENDING, UNKNOWN, Facts
from policy_engine.model.plan import Card, FastestTarget, Link, Plan, RequestedTarget, SplitTarget, Target


class NeedsLatency(Exception):
    """A choice by measured latency needs signals that nobody asked for yet."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        self.groups = groups
        super().__init__(", ".join(groups))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """
    What a request asks of a model.

    `tokens` is its input plus the most it may answer; `kinds` are those of text, images, tools, json that it uses;
    `only` are tags that a model must have.
    """

    tokens: int
    max_tokens: int | None
    kinds: frozenset[str]
    only: tuple[str, ...]

    @classmethod
    def of(cls, facts: Facts, modifiers: Modifiers, cascade: Limits | None = None) -> Demand:
        """The demand of a request under its modifiers and the limits of its cascade."""
        max_tokens = output_bound(facts, modifiers, cascade)
        return cls(
            tokens=facts.input_tokens + (max_tokens or 0),
            max_tokens=max_tokens,
            kinds=frozenset(_kinds(facts)),
            only=modifiers.only,
        )

    @property
    def tokens_sent(self) -> int:
        """Tokens of the input alone."""
        return self.tokens - (self.max_tokens or 0)

    def allows(self, card: Card) -> bool:
        """Whether a model has all the tags that it must have."""
        return card.tags.issuperset(self.only)

    def misfit(self, card: Card) -> str | None:
        """Why a model cannot serve this request, or None if it can."""
        lacking = [tag for tag in self.only if tag not in card.tags]
        if lacking:
            return f"it lacks the tag `{lacking[0]}`"
        if card.accepts is not None and (foreign := sorted(self.kinds - card.accepts)):
            return f"it does not take {foreign[0]}"
        if card.context is not None and self.tokens > card.context:
            return f"{self.tokens} tokens do not fit its context of {card.context}"
        if card.max_output is not None and self.max_tokens is not None and self.max_tokens > card.max_output:
            return f"it answers at most {card.max_output} tokens, {self.max_tokens} are asked for"
        return None


def output_bound(facts: Facts, modifiers: Modifiers, cascade: Limits | None = None) -> int | None:
    """The most tokens the answer may have, None if nobody says; see `compiler.room`."""
    return answer_bound(modifiers, cascade, facts.request.params.get("max_tokens"))


def choose(
    chain: Iterable[Link], policy_set: PolicySet, facts: Facts, demand: Demand, skipped: list[Skipped]
) -> tuple[Target, ...]:
    """
    The models of one step that can serve the request, in order; the others are added to `skipped`.

    Raises:
        NeedsLatency: measured latencies have to be learned first.
    """
    fitting = []
    for target in targets_of(chain, policy_set, facts):
        reason = demand.misfit(policy_set.cards[target.model])
        if reason is None:
            fitting.append(target)
        else:
            skipped.append(Skipped(model=target.model, reason=reason))
    return tuple(fitting)


def targets_of(chain: Iterable[Link], policy_set: PolicySet, facts: Facts) -> tuple[Target, ...]:
    """
    The models of one step in order, whether they can serve the request or not.

    Raises:
        NeedsLatency: as `choose`.
    """
    return each_once(target for link in chain for target in _targets(link, policy_set, facts))


def latency_groups(plan: Plan) -> tuple[str, ...]:
    """The measured latencies by which models are chosen; nothing if anything else of a request decides, too."""
    links = [link for step in plan.steps for link in step.chain if not isinstance(link, Target)]
    measured = [link for link in links if isinstance(link, FastestTarget)]
    if len(measured) < len(links):
        return ()
    return tuple(f"latency.{target.model}" for link in measured for target in link.candidates)


def _kinds(facts: Facts) -> Iterator[str]:
    yield "text"
    if facts.request.tools:
        yield "tools"
    if facts.wants_json:
        yield "json"
    if facts.request.messages and facts.shape.images():
        yield "images"


def _targets(link: Link, policy_set: PolicySet, facts: Facts) -> Iterable[Target]:
    match link:
        case Target():
            return (link,)
        case RequestedTarget():
            return _requested(facts.wants_model, policy_set)
        case SplitTarget():
            return _split(link, facts)
        case FastestTarget():
            return _fastest(link, policy_set, facts)


def _requested(name: str, policy_set: PolicySet) -> Iterable[Target]:
    tier = policy_set.declarations.tiers.get(name)
    if tier is not None:
        return [Target(model, name) for model in tier.models if model in policy_set.cards]
    card = policy_set.cards.get(name)
    if card is None:
        card = next((card for card in policy_set.cards.values() if card.model == name), None)
    return () if card is None else (Target(card.name, card.tier),)


def _split(link: SplitTarget, facts: Facts) -> Iterable[Target]:
    attribute = link.by.removeprefix("attributes.")
    value = facts.attributes.get(attribute) if attribute != link.by else getattr(facts.request, link.by)
    chosen = 0
    if value is not None:
        position = sample_position(link.salt, value)
        chosen = next((index for index, ceiling in enumerate(link.ceilings) if position < ceiling), 0)
    order = [chosen, *(index for index in range(len(link.options)) if index != chosen)]
    return [target for index in order for target in link.options[index]]


def _fastest(link: FastestTarget, policy_set: PolicySet, facts: Facts) -> Iterable[Target]:
    groups = tuple(f"latency.{target.model}" for target in link.candidates)
    unasked = tuple(group for group in groups if facts.signals.get(group, PENDING) is PENDING)
    if unasked:
        raise NeedsLatency(unasked)
    measured = {
        target: latency
        for target, group in zip(link.candidates, groups, strict=True)
        for latency in (_latency(group, policy_set.cards[target.model], facts),)
        if all(passes(latency, op, seconds) for op, seconds in link.ranges)
    }
    if link.preference is not Preference.FASTEST:
        return measured
    return sorted(measured, key=lambda target: float("inf") if (known := measured[target]) is None else known)


def _latency(group: str, card: Card, facts: Facts) -> float | None:
    value = facts.signals[group]
    measured = None if value is UNKNOWN else value.get("p50")
    return card.latency_s if measured is None else measured
