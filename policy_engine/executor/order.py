"""Which model of a step is tried first: the one that a session keeps, and those that failed lately at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from policy_engine.model.plan import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    What is known of models when an execution begins.

    Attributes:
        kept: the model that a `stick` keeps, or None.
        cooling: models that are better left alone, and for how many more seconds.
    """

    kept: str | None = None
    cooling: Mapping[str, float] = field(default_factory=dict)

    def of(self, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        """
        The same models, the kept one first, those that are cooling last, else as written.

        No model is added and none is left out: where all are cooling they are tried as written.
        """
        if self.kept is None and not self.cooling:
            return targets
        return tuple(sorted(targets, key=lambda target: (target.model in self.cooling, target.model != self.kept)))

    def after(self, model: str, cool_s: float) -> Order:
        """What is known once a model has asked to be left alone for a time."""
        return replace(self, cooling={**self.cooling, model: cool_s})

    def put_off(self, targets: tuple[Target, ...]) -> tuple[str, ...]:
        """The models that come later than they would if they were not cooling."""
        if not self.cooling:
            return ()
        ordered = self.of(targets)
        first = next((place for place, target in enumerate(ordered) if target.model in self.cooling), len(ordered))
        warm = {target.model for target in ordered[:first]}
        written = [target.model for target in Order(kept=self.kept).of(targets)]
        return tuple(
            model for place, model in enumerate(written) if model not in warm and not warm.isdisjoint(written[place:])
        )


AS_WRITTEN = Order()
"""Nothing is known."""
