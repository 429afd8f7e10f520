"""What keeps entries, counters and leases: one protocol for memory, SQLite and what may come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from policy_engine.state.log import Log

LATE_SETTLE_S = 86_400.0
"""How long after its end a lease can still be settled; what a call cost is counted even if it took too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """
    What counters may stand at while more is let in: the sum of some at most a number and a share of the sum of others.

    Attributes:
        part: the counters that are bounded.
        most: the number.
        whole: the counters of whose sum they may be a share.
        share: that share, from 0 on.
        least: as long as the sum of `whole` is below this, everything is let in.
    """

    part: Sequence[str]
    most: int = 0
    whole: Sequence[str] = ()
    share: Fraction = Fraction(0)
    least: int = 0

    @property
    def counters(self) -> tuple[str, ...]:
        """Every counter that is looked at, once."""
        return tuple(dict.fromkeys((*self.part, *self.whole)))

    def is_passed(self, counts: Mapping[str, int]) -> bool:
        """Whether counters that stand like this let nothing more in."""
        whole = sum(counts[key] for key in self.whole)
        return whole >= self.least and sum(counts[key] for key in self.part) > self.most + self.share * whole


class State(Protocol):
    """
    Entries, counters and leases, by key. Safe under threads; exact, also between processes where they share it.

    Moments are Unix seconds and are passed in, `now_s` the present one and `until_s` the first at which a thing is
    gone. Amounts are whole numbers of any sign. Everything raises `StateError` if the state cannot be used, and has
    changed nothing then.
    """

    @property
    def blocking(self) -> bool:
        """Whether it may wait for a disk or a network; if so, it is never used on an event loop's own thread."""
        ...

    @property
    def place(self) -> str | None:
        """The file on this machine that it is in, beside which there may be others that belong to it; None without."""
        ...

    @property
    def log(self) -> Log:
        """The logs that are kept in the same place."""
        ...

    def get(self, key: str, *, now_s: float) -> bytes | None:
        """The entry of this key, or None if there is none any more."""
        ...

    def put(self, key: str, value: bytes, *, now_s: float, until_s: float) -> None:
        """Replaces an entry."""
        ...

    def delete(self, key: str) -> None:
        """Removes an entry, if there is one."""
        ...

    def add(self, amounts: Mapping[str, int], *, now_s: float, until_s: float) -> None:
        """Adds to counters, to all of them or none. A counter lives as long as the latest `until_s` it was given."""
        ...

    def counts(self, keys: Sequence[str], *, now_s: float) -> tuple[int, ...]:
        """What the counters stand at, all at one moment: what was added to each, and what leases hold of it."""
        ...

    def hold(
        self, lease: str, amounts: Mapping[str, int], *, now_s: float, until_s: float, counted_until_s: float
    ) -> tuple[int, ...]:
        """
        Holds amounts of counters until they are settled or the lease ends, and says what each counter stands at then.

        Args:
            lease: a name that was never used before.
            amounts: by counter.
            until_s: when the lease ends, after which nothing is held.
            counted_until_s: how long the counters live once this is settled.
        """
        ...

    def admit(
        self,
        lease: str,
        amounts: Mapping[str, int],
        *,
        ceiling: Ceiling,
        now_s: float,
        until_s: float,
        counted_until_s: float,
    ) -> bool:
        """
        Holds amounts as `hold` does, unless counters are above a ceiling; in one step, and tells whether it did.

        What others hold counts. So however many ask at once, no more are let in than if they had come one by one.
        """
        ...

    def settle(self, lease: str, amounts: Mapping[str, int], *, now_s: float) -> bool:
        """
        Ends a lease and adds to its counters, once.

        Args:
            amounts: by counter, what to add; a counter of the lease that is left out gets what was held of it.

        Returns:
            False if there is no such lease any more: it was settled before, or ended more than a day ago.
        """
        ...

    def close(self) -> None:
        """Lets go of files and connections. Closing twice is fine."""
        ...
