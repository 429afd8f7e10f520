"""Made-up expressions: typed, so that they are valid, and some of them failing when they are evaluated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from tests.property import pools
from tests.property.chance import happens

_NUMBERS = (
    "message.chars",
    "message.words",
    "input.tokens",
    "conversation.turns",
    "attributes.seats",
    "attributes.ratio",
    "budget.daily.used",
    "latency.tiny.p50",
    "similar.greetings",
    "signal.risk",
    "signal.hops",
    "cache.semantic.similarity",
)
_TEXTS = (
    "message.text",
    "input.text",
    "attributes.tenant",
    "attributes.items",
    "wants.model",
    "id",
    "user",
    "session",
    "session.model",
)
_FLAGS = ("attributes.vip", "wants.stream", "conversation.has_system", "signal.flagged", "cache.exact.hit")
_LITERALS = ("0", "1", "2", "2.5", "-1", "0.3", "40")


@dataclass
class Expressions:
    """Makes expressions over the facts of made-up policies; `scores` are those that may be compared."""

    rng: Random
    scores: tuple[str, ...]

    def boolean(self, depth: int) -> str:
        """An expression that is true or false."""
        rng = self.rng
        if depth > 0 and happens(rng, 0.35):
            how = rng.choice(("and", "or", "not"))
            if how == "not":
                return f"not ({self.boolean(depth - 1)})"
            return f"({self.boolean(depth - 1)}) {how} ({self.boolean(depth - 1)})"
        return rng.choice((self._compared, self._compared, self._compared, self._text_test, self._member, self._flag))()

    def _compared(self) -> str:
        rng = self.rng
        op = rng.choice(("<", "<=", ">", ">=", "==", "!="))
        if self.scores and happens(rng, 0.15):
            return f"score.{rng.choice(self.scores)} {op} {rng.choice(_LITERALS)}"
        if happens(rng, 0.15):
            return f"{self._number(0)} <= {self._number(1)} {op} {self._number(0)}"
        return f"{self._number(2)} {op} {self._number(1)}"

    def _number(self, depth: int) -> str:
        rng = self.rng
        if depth == 0 or happens(rng, 0.4):
            return rng.choice(_LITERALS) if happens(rng, 0.3) else rng.choice(_NUMBERS)
        left, right = self._number(depth - 1), self._number(depth - 1)
        return rng.choice(
            (
                f"({left} {rng.choice(('+', '-', '*'))} {right})",
                f"{left} / {rng.choice(('attributes.seats', 'conversation.tools', '(message.words - 1)', right))}",
                f"{rng.choice(('min', 'max'))}({left}, {right})",
                f"abs({left})",
                f"-({left})",
                f"len({self._text()})",
                "len(attributes.labels)",
                f'count({self._text()}, "e", "x")',
            )
        )

    def _text(self) -> str:
        text = self.rng.choice(_TEXTS)
        return f"lower({text})" if happens(self.rng, 0.3) else text

    def _literal(self) -> str:
        return '"' + self.rng.choice(("acme", "hello", "über", "x", "auto", "")) + '"'

    def _text_test(self) -> str:
        text, literal = self._text(), self._literal()
        return self.rng.choice(
            (
                f"startswith({text}, {literal})",
                f"endswith({text}, {literal})",
                f"{literal} in {text}",
                f"{literal} not in {text}",
                f"{self._text()} in {text}",
                f"{text} == {literal}",
                f"{literal} != {text}",
                f"{text} == {self._text()}",
            )
        )

    def _member(self) -> str:
        item = json.dumps(self.rng.choice([item for item in pools.ITEMS if not isinstance(item, bool)]))
        return self.rng.choice(
            (
                'attributes.plan in ("pro", "max")',
                'attributes.plan not in ["free"]',
                'attributes.plan == "free"',
                'task in ("chat", "code")',
                'task != "digest"',
                'signal.severity == "high"',
                'classifier.complexity.label == "easy"',
                "attributes.seats in (0, 2, 5)",
                "attributes.level == 2",
                f"{item} in attributes.labels",
                f"{item} not in signal.topics",
                "attributes.seats in attributes.labels",
                "attributes.items in attributes.labels",
                'session == "s1"',
                'user in ("u1", "u3")',
                'id != "r5"',
            )
        )

    def _flag(self) -> str:
        flag = self.rng.choice(_FLAGS)
        return self.rng.choice(
            (flag, f"{flag} == True", f"False == {flag}", f"{flag} == attributes.vip", f"not {flag}")
        )
