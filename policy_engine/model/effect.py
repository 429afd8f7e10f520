"""What a rule does when it matches, as written: the four terminal effects and the modifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from policy_engine.diagnostics import Address
from policy_engine.model.condition import Operand


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    """
    Answer at once, without a model; exactly one of the four is given.

    `text` and `json` are the answer itself, `template` a file of the bundle, `cache` the name of a cache.
    """

    address: Address
    text: str | None = None
    json: Any = None
    template: str | None = None
    cache: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A model or a tier, by name."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """Whatever model or tier the caller asked for (`route: requested`)."""

    address: Address


class Preference(StrEnum):
    """By which catalogue fact a route chooses."""

    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    BEST = "best"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    The cheapest, fastest or best of some models (`route: {cheapest: [..], where: {..}}`).

    `ranges` are (field, operator, operand) triples over quality, input_price, output_price (USD per million tokens)
    and latency; `tags` must all be present.
    """

    preference: Preference
    of: tuple[str, ...]
    ranges: tuple[tuple[str, str, Operand], ...]
    tags: tuple[str, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A weighted, sticky choice (`route: {split: {a: 90, b: 10}}`); `by` None means the request id."""

    weights: tuple[tuple[str, float], ...]
    by: str | None
    address: Address


Link: TypeAlias = Named | Requested | Choice | Split


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Call models, in the order of the chain."""

    chain: tuple[Link, ...]
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCascade:
    """Run the cascade of this name."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """Refuse the request; `status` is an HTTP status from 400 to 599."""

    address: Address
    status: int = 403
    message: str = "denied by policy"


Terminal: TypeAlias = Respond | Route | RunCascade | Deny
Otherwise: TypeAlias = str | Respond | Deny
"""What happens at a limit: `last_answer`, `fail`, a tier's name, an answer or a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """
    One limit as written: `max` in the author's unit and what happens there.

    `window` and `min_requests` belong to `escalation_rate` only.
    """

    max: Operand
    otherwise: Otherwise
    address: Address
    window: str | None = None
    min_requests: int | None = None


Limits: TypeAlias = Mapping[str, Limit]
"""Limits by name: escalations, session_escalations, escalation_rate, deadline, cost, max_tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """
    Ask another route off the caller's time for a share of requests, and compare; `budget` as written.

    `judge_model` and `judge_question` belong to `compare: judge`; None leaves them to the engine.
    """

    route: Route
    share: Operand
    compare: str
    budget: str | None
    address: Address
    judge_model: str | None = None
    judge_question: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stick:
    """Keep the session's model for a time; `period` is a duration as written."""

    by: str
    period: Operand
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifiers:
    """Everything a rule adds without deciding; empty values mean that it says nothing about it."""

    remember: str | None = None
    shadow: Shadow | None = None
    limits: Limits | None = None
    params: Mapping[str, Any] | None = None
    instructions: str | None = None
    only: tuple[str, ...] = ()
    stick: Stick | None = None
    log: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """A rule's effect: at most one terminal one, and modifiers. Without a terminal effect the rule is a modifier."""

    terminal: Terminal | None
    modifiers: Modifiers
    address: Address
