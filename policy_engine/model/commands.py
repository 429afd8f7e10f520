"""What carrying out a plan asks of the world and what the world replies: the executor yields one, is sent the other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from policy_engine.model.call import Failure, Prompt, Reply
    from policy_engine.model.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """
    Sets money aside in all budgets of the request before a call, at the call's bound.

    `worst_usd` is None where a price is unknown; `is_guess` is True where nobody says how long the answer may be, so
    that the call may cost more. Replied with a Grant; a budget refuses nothing by itself.
    """

    worst_usd: Decimal | None
    is_guess: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    Money set aside; `token` belongs to whoever gave it.

    `overtaken` is None, or else nothing was set aside: a budget that the decision rests on would not hold, and these
    are the facts by which the policies decide otherwise.
    """

    token: Any = None
    overtaken: Facts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Replaces what was set aside by what was paid, USD; None keeps the bound."""

    grant: Grant
    paid_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """
    Asks to be let in under a limit that requests share: to begin at the first step of a cascade, or to escalate.

    Asking and counting are one step. Replied with True or False; with None where nobody counts, and what the facts say
    holds.

    Attributes:
        limit: `escalation_rate` or `session_escalations`.
        most: what it allows, a share or a count.
    """

    limit: str
    most: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A whole answer of a model within so many seconds. Replied with a Reply or a Failure; `purpose` as in records."""

    model: str
    prompt: Prompt
    timeout_s: float | None
    purpose: str = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The beginning of a streamed answer. Replied with Opened or a Failure; after Opened there is no fallback."""

    model: str
    prompt: Prompt
    timeout_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A stream that has begun; `stream` belongs to whoever opened it."""

    stream: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Passes a stream on to the caller to its end. Replied with the whole Reply, or a Failure if it broke."""

    stream: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Learn:
    """Signals for a gate, by group, within so many seconds. Replied with a mapping of group to value."""

    signals: tuple[str, ...]
    timeout_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The entry of a cache that the decision's condition saw. Replied with a Reply, or None if it is gone."""

    cache: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Keeps an accepted answer in a cache. Replied with None."""

    cache: str
    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the world replies: the value, and the moment, seconds of a clock that only goes forward."""

    value: Reply | Failure | Opened | Grant | Any
    now_s: float


Command: TypeAlias = Admit | Reserve | Settle | Call | Open | Relay | Learn | Lookup | Store


class Overtaken(Exception):
    """Raised by the executor before its first call: by these facts the policies decide otherwise."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        super().__init__("a budget was used up in the meantime")


class Cancelled(Exception):
    """Thrown into the executor when the caller is gone; only Settle may follow."""
