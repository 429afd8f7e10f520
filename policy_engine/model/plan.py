"""What a decision says to do: models to call in order, gates between them, or an answer that needs no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from policy_engine.diagnostics import Address
from policy_engine.model.effect import Limits, Modifiers, Preference
from policy_engine.model.price import LongRates, Rates

UNBOUNDED = 2**62
"""Stands for "no limit" where whole numbers are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """
    What is known about a model: declared, or looked up in the price list.

    Prices are USD per million tokens, `latency_s` the declared one; None is unknown. `accepts` None means anything.
    `tags` include the provider's; `tier` is the first tier that holds the model. `long_rates` are for calls with much
    input, in ascending order; the prices are those of all others, and `usual_rates` the same as one value.
    """

    name: str
    provider: str
    model: str
    tier: str | None
    tags: frozenset[str]
    accepts: frozenset[str] | None = None
    context: int | None = None
    max_output: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cached_input_price: Decimal | None = None
    cache_write_price: Decimal | None = None
    cache_write_1h_price: Decimal | None = None
    long_rates: tuple[LongRates, ...] = ()
    latency_s: float | None = None
    quality: float | None = None
    usual_rates: Rates = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rates = Rates(
            input=self.input_price,
            output=self.output_price,
            cached_input=self.cached_input_price,
            cache_write=self.cache_write_price,
            cache_write_1h=self.cache_write_1h_price,
        )
        object.__setattr__(self, "usual_rates", rates)

    def rates(self, input_tokens: int) -> Rates:
        """The rates of a call with so much input."""
        for long in reversed(self.long_rates):
            if input_tokens > long.above_tokens:
                return long.rates
        return self.usual_rates


@dataclass(frozen=True, slots=True)
class Target:
    """One model to call, and the tier it was chosen for (None if it is in no tier)."""

    model: str
    tier: str | None


@dataclass(frozen=True, slots=True)
class RequestedTarget:
    """Whatever the caller asked for, if a model, tier or provider's model has that name."""


@dataclass(frozen=True, slots=True)
class FastestTarget:
    """The fastest of these by measured median latency, by the declared one where nothing was measured."""

    candidates: tuple[Target, ...]
    ranges: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Operators and their seconds, which the latency must pass (`where: {latency: …}`)."""
    preference: Preference = Preference.FASTEST


@dataclass(frozen=True, slots=True)
class SplitTarget:
    """
    One of several by a sticky hash of an attribute or the request id, then the rest in order.

    `ceilings` are cumulative, out of 2**64.
    """

    options: tuple[tuple[Target, ...], ...]
    ceilings: tuple[int, ...]
    by: str
    salt: str


Link: TypeAlias = Target | RequestedTarget | FastestTarget | SplitTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """
    Models tried in order until one answers, and the gate its answer must pass.

    `gate` is the compiled condition (a node of the graph), `accept` its text; both None where any answer will do.
    """

    chain: tuple[Link, ...]
    accept: str | None = None
    gate: Any = None

    @property
    def targets(self) -> tuple[Target, ...]:
        """The models of the step that are known without a request."""
        return tuple(link for link in self.chain if isinstance(link, Target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    An answer without a model: a text, a JSON value, a template with its source, or a cache's entry.

    Exactly one of the four is set; a template has `template` (its path) and `text` (its source), and `patterns`, as
    (fact, pattern), whose named groups fill it.
    """

    text: str | None = None
    json: Any = None
    template: str | None = None
    cache: str | None = None
    patterns: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The answer as in schema decision.v1."""
        fields = {"text": self.text, "json": self.json, "template": self.template, "cache": self.cache}
        return {name: value for name, value in fields.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A refusal: an HTTP status and a reason for the caller."""

    status: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done: steps (a route is one step without a gate), an answer, or a refusal."""

    steps: tuple[PlanStep, ...] = ()
    cascade: str | None = None
    limits: Limits | None = None
    answer: Answer | None = None
    refusal: Refusal | None = None

    def first_target(self) -> Target | None:
        """The first model that is called, steps with none left being passed over; None if none is known."""
        return next((targets[0] for step in self.steps if (targets := step.targets)), None)

    def to_json(self) -> dict[str, Any]:
        """The plan as in schema decision.v1."""
        if self.answer is not None:
            return {"answer": self.answer.to_json()}
        if self.refusal is not None:
            return {"status": self.refusal.status, "message": self.refusal.message}
        plan: dict[str, Any] = {"steps": [_step_json(step) for step in self.steps]}
        if self.cascade is not None:
            plan["cascade"] = self.cascade
        if self.limits:
            plan["limits"] = limits_json(self.limits)
        return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What a rule fixes when it decides, made once for all its decisions.

    Attributes:
        rule: its name, or None for `default`.
        effect: `respond`, `route`, `cascade` or `deny`.
        first: the first model that would be called, or None.
        room: a plain text request of up to so many characters needs no closer look at the models; -1 if every
            request does.
        address: where the rule stands.
    """

    rule: str | None
    effect: str
    plan: Plan
    modifiers: Modifiers
    first: Target | None
    room: int
    address: Address


def limits_json(limits: Limits) -> dict[str, Any]:
    """Limits as they are written."""
    return {name: _limit_json(limit.max, limit.otherwise) for name, limit in limits.items()}


def modifiers_json(modifiers: Modifiers) -> dict[str, Any]:
    """The modifiers that say something, as they are written; tags aside, which a decision has of its own."""
    written: Mapping[str, Any] = {
        "remember": modifiers.remember,
        "shadow": _shadow_json(modifiers),
        "limits": limits_json(modifiers.limits) if modifiers.limits else None,
        "params": dict(modifiers.params) if modifiers.params else None,
        "instructions": modifiers.instructions,
        "only": {"tags": list(modifiers.only)} if modifiers.only else None,
        "stick": {"by": modifiers.stick.by, "for": modifiers.stick.period} if modifiers.stick else None,
        "log": modifiers.log,
    }
    return {name: value for name, value in written.items() if value is not None}


def _step_json(step: PlanStep) -> dict[str, Any]:
    written: dict[str, Any] = {"models": [link.model for link in step.chain if isinstance(link, Target)]}
    if step.accept is not None:
        written["accept"] = step.accept
    return written


def _limit_json(maximum: Any, otherwise: Any) -> dict[str, Any]:
    return {"max": maximum, "otherwise": otherwise if isinstance(otherwise, str) else _outcome_json(otherwise)}


def _outcome_json(otherwise: Any) -> dict[str, Any]:
    if hasattr(otherwise, "status"):
        return {"deny": {"status": otherwise.status, "message": otherwise.message}}
    answer = Answer(text=otherwise.text, json=otherwise.json, template=otherwise.template, cache=otherwise.cache)
    return {"respond": answer.to_json()}


def _shadow_json(modifiers: Modifiers) -> dict[str, Any] | None:
    shadow = modifiers.shadow
    if shadow is None:
        return None
    written = {"share": shadow.share, "compare": shadow.compare, "budget": shadow.budget}
    chain = [getattr(link, "name", None) or type(link).__name__.lower() for link in shadow.route.chain]
    return {"route": chain, **{name: value for name, value in written.items() if value is not None}}
