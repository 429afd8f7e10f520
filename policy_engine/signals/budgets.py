"""Budgets: what was spent and what is set aside, per calendar window and scope, in whole billionths of a dollar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

from policy_engine.model.facts import UNKNOWN, Facts, Missing
from policy_engine.model.policy import Declarations, Setting
from policy_engine.model.quantity import Kind, parse_quantity, parse_rate
from policy_engine.signals.key import key_of, scope_values
from policy_engine.signals.window import Window, bounds_s
from policy_engine.state.state import State

LEASE_S = 600.0
"""How long money stays set aside for a call that is never settled, such as one of a process that died."""

_NANOS_PER_USD = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A declared budget: `amount_nano` billionths of a dollar per window, counted apart by the names of `scope`."""

    name: str
    amount_nano: int
    window: Window
    zone: ZoneInfo
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A budget after a reservation: `used_usd` is spent or set aside, that reservation included."""

    budget: str
    used_usd: Decimal
    amount_usd: Decimal

    @property
    def holds(self) -> bool:
        """Whether no more is used than the budget's amount."""
        return self.used_usd <= self.amount_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """
    Money set aside for one call, in all budgets of its request.

    Attributes:
        lease: its name in the state; None if no budget is declared.
        keys: the counters it is set aside in.
        standings: each budget, in the order of their declaration.
    """

    lease: str | None
    keys: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every budget still holds. If callers who are told False do not call, no budget is overspent."""
        return all(standing.holds for standing in self.standings)

    @property
    def over(self) -> tuple[str, ...]:
        """The budgets that no longer hold."""
        return tuple(standing.budget for standing in self.standings if not standing.holds)


class Budgets:
    """
    The budgets of some policies. Exact under threads, and between processes that share the state.

    Args:
        state: where counters and leases are.
        budgets: what is declared.
        lease_s: how long a reservation lasts; longer than any call.
        new_lease: gives names that nobody else has.
    """

    def __init__(
        self,
        state: State,
        budgets: tuple[Budget, ...],
        *,
        lease_s: float = LEASE_S,
        new_lease: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._state = state
        self._budgets = {budget.name: budget for budget in budgets}
        self._windows: dict[str, tuple[float, float]] = {}  # the latest of each budget
        self._lease_s = lease_s
        self._new_lease = new_lease

    def reserve(self, worst_usd: Decimal | None, facts: Facts, *, now_s: float) -> Reservation:
        """
        Sets money aside for a call in all budgets at once, whether or not they hold.

        Requests without a value for a scope share one counter. What spans the end of a window counts in the window
        in which it began.

        Args:
            worst_usd: the call's bound; None, where a price is unknown, sets nothing aside.

        Raises:
            StateError: the state cannot be used, and nothing is set aside.
        """
        if not self._budgets:
            return Reservation(lease=None)
        nano = 0 if worst_usd is None else _nano(worst_usd)
        keys, counted_until_s = self._counters(facts, now_s)
        lease = self._new_lease()
        used = self._state.hold(
            lease,
            dict.fromkeys(keys, nano),
            now_s=now_s,
            until_s=now_s + self._lease_s,
            counted_until_s=counted_until_s,
        )
        standings = tuple(map(_standing, self._budgets.values(), used))
        return Reservation(lease=lease, keys=keys, standings=standings)

    def settle(self, reservation: Reservation, paid_usd: Decimal | None, *, now_s: float) -> bool:
        """
        Replaces what was set aside by what was paid; None keeps the bound.

        Also counts if the lease has ended meanwhile. A second time does nothing.

        Returns:
            Whether it was counted now.

        Raises:
            StateError: the state cannot be used; the money stays set aside until the lease ends.
        """
        if reservation.lease is None:
            return False
        paid = {} if paid_usd is None else dict.fromkeys(reservation.keys, _nano(paid_usd))
        return self._state.settle(reservation.lease, paid, now_s=now_s)

    def spend(self, paid_usd: Decimal, facts: Facts, *, now_s: float) -> None:
        """
        Counts what was paid in all budgets at once, without having been set aside.

        Raises:
            StateError: the state cannot be used, and nothing is counted.
        """
        if self._budgets:
            keys, until_s = self._counters(facts, now_s)
            self._state.add(dict.fromkeys(keys, _nano(paid_usd)), now_s=now_s, until_s=until_s)

    def read(self, name: str, facts: Facts, *, now_s: float) -> Mapping[str, float] | Missing:
        """
        The share `used` (spent or set aside; may pass 1) and the USD `left` of a budget, for rules.

        UNKNOWN if there is no such budget, or the request has no value for a name of its scope.

        Raises:
            StateError: the state cannot be used.
        """
        budget = self._budgets.get(name)
        if budget is None or None in scope_values(budget.scope, facts):
            return UNKNOWN
        start_s, _ = self._window(budget, now_s)
        (used,) = self._state.counts((_key(budget, start_s, facts),), now_s=now_s)
        share = used / budget.amount_nano if budget.amount_nano else 1.0
        return {"used": share, "left": max(0, budget.amount_nano - used) / _NANOS_PER_USD}

    def _counters(self, facts: Facts, now_s: float) -> tuple[tuple[str, ...], float]:
        """A request's counter in each budget, and when the last of their windows ends."""
        windows = [(budget, *self._window(budget, now_s)) for budget in self._budgets.values()]
        keys = tuple(_key(budget, start_s, facts) for budget, start_s, _ in windows)
        return keys, max(end_s for _, _, end_s in windows)

    def _window(self, budget: Budget, now_s: float) -> tuple[float, float]:
        start_s, end_s = self._windows.get(budget.name, (0.0, 0.0))
        if not start_s <= now_s < end_s:
            start_s, end_s = self._windows[budget.name] = bounds_s(budget.window, budget.zone, now_s)
        return start_s, end_s


def budgets_of(declarations: Declarations) -> tuple[Budget, ...]:
    """The budgets that policies declare; a zone left out is the bundle's, else UTC."""
    return tuple(_budget(setting, declarations.zone or "UTC") for setting in declarations.budgets.values())


def rate_budget(name: str, written: str, zone: str | None = None) -> Budget:
    """
    The budget that a spending rate such as `$5/day` means, in a zone or else UTC.

    Raises:
        QuantityError: it is no spending rate.
    """
    amount_usd, _ = parse_rate(written)
    window = Window(written.rpartition("/")[2].strip())
    return Budget(name=name, amount_nano=_nano(amount_usd), window=window, zone=ZoneInfo(zone or "UTC"))


def _budget(setting: Setting, zone: str) -> Budget:
    written = setting.value
    return Budget(
        name=setting.name,
        amount_nano=_nano(parse_quantity(written["amount"], Kind.MONEY)),
        window=Window(written["window"]),
        zone=ZoneInfo(written.get("zone") or zone),
        scope=tuple(written.get("scope", ())),
    )


def _standing(budget: Budget, used_nano: int) -> Standing:
    return Standing(budget=budget.name, used_usd=_usd(used_nano), amount_usd=_usd(budget.amount_nano))


def _key(budget: Budget, start_s: float, facts: Facts) -> str:
    # INVARIANT: budgets of one name and different windows or zones never share a counter, also across reloads.
    return key_of("budget", budget.name, budget.window, start_s, *scope_values(budget.scope, facts))


def _nano(usd: Decimal) -> int:
    """Billionths of a dollar, rounded up, so that a counter is never below the truth."""
    return int((usd * _NANOS_PER_USD).to_integral_value(rounding=ROUND_CEILING))


def _usd(nano: int) -> Decimal:
    return Decimal(nano) / _NANOS_PER_USD
