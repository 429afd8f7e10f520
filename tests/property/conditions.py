"""Made-up conditions: every kind of test, nested at random, valid by construction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.property import pools
from tests.property.chance import happens
from tests.property.expressions import Expressions

Written = dict[str, Any]
_SIZED = ("lt", "lte", "gt", "gte")


@dataclass
class Conditions:
    """
    Makes conditions; `named` and `scores` are those that may be used, `in_rule` whether a sample needs no salt,
    `plain` whether only tasks, texts and attributes are tested.
    """

    rng: Random
    named: list[str] = field(default_factory=list)
    scores: list[str] = field(default_factory=list)
    in_rule: bool = True
    plain: bool = False

    def condition(self, depth: int) -> Written:
        """A mapping of one to three entries, nested so deep at most."""
        written: Written = {}
        for _ in range(self.rng.choice((1, 1, 1, 1, 2, 2, 3))):
            written |= self.entry(depth)
        return written

    def entry(self, depth: int) -> Written:
        """A mapping of exactly one entry."""
        rng = self.rng
        if depth > 0 and happens(rng, 0.4):
            how = rng.choice(("all", "any", "any", "none", "not"))
            if how == "not":
                return {"not": self.entry(depth - 1)}
            return {how: [self.condition(depth - 1) for _ in range(rng.randint(1, 3))]}
        if self.named and happens(rng, 0.12):
            return {"condition": rng.choice((self._one(self.named), list(dict.fromkeys(self._some(self.named)))))}
        if self.scores and happens(rng, 0.12):
            return {"score": {self._one(self.scores): self.range(pools.NUMBERS)}}
        return self._one(self._makers)()

    @property
    def _makers(self) -> Sequence[Callable[[], Written]]:
        if self.plain:
            return (self._task, self._text, self._text, self._attributes)
        request = (self._task, self._text, self._text, self._conversation, self._wants, self._time, self._sample)
        signals = (self._cache, self._classifier, self._similar, self._budget, self._escalation, self._measured)
        return (*request, *[self._attributes] * 5, *signals, self._session, self._own, self._own, *[self._expr] * 3)

    def _one(self, pool: Sequence[Any]) -> Any:
        return self.rng.choice(pool)

    def _some(self, pool: Sequence[Any]) -> list[Any]:
        return [self._one(pool) for _ in range(self.rng.randint(1, 3))]

    def range(self, pool: Sequence[Any]) -> Written:
        """A RANGE: one operator, a list, or two that leave room between them."""
        how = self.rng.random()
        if how < 0.2:
            return {self._one(("in", "not_in")): self._some(pool)}
        if how < 0.35:
            return {self._one(("gte", "gt")): pool[0], self._one(("lt", "lte")): pool[-1]}
        if how < 0.45:
            return {self._one(_SIZED): self._one(pool), "ne": self._one(pool)}
        return {self._one((*_SIZED, *_SIZED, "eq", "ne")): self._one(pool)}

    def text_value(self, pool: Sequence[str]) -> Any:
        """A VALUE for a text: bare, a list, or operators."""
        op = self._one(("bare", "bare", "list", "eq", "ne", "in", "not_in", "glob", "contains", "matches"))
        if op == "bare":
            return self._one([one for one in pool if one])
        if op == "list":
            return self._some([one for one in pool if one])
        if op in ("eq", "ne"):
            return {op: self._one([one for one in pool if one])}
        if op in ("in", "not_in"):
            return {op: self._some(pool)}
        patterns = {"glob": pools.GLOBS, "contains": pools.PHRASES, "matches": pools.PATTERNS}[op]
        return {op: self._one((self._one(patterns), self._some(patterns)))}

    def _task(self) -> Written:
        return {"task": self.text_value(pools.TASKS)}

    def _text(self) -> Written:
        written: Written = {}
        keys = ("chars", "chars", "words", "lines", "tokens", "matches", "contains", "language")
        for _ in range(self.rng.randint(1, 2)):
            key = self._one(keys[:-1] if self.plain else keys)
            if key in ("matches", "contains"):
                patterns = pools.PATTERNS if key == "matches" else pools.PHRASES
                written[key] = self._one((self._one(patterns), self._some(patterns)))
            elif key == "language":
                written[key] = self.text_value(pools.LANGUAGES)
            else:
                written[key] = self.range(pools.COUNTS)
        return {self._one(("message", "message", "input")): written}

    def _conversation(self) -> Written:
        key = self._one((*pools.CONVERSATION_COUNTS, *pools.CONVERSATION_FLAGS))
        test = self._flag() if key in pools.CONVERSATION_FLAGS else self.range((0, 1, 2, 3, 4))
        return {"conversation": {key: test}}

    def _wants(self) -> Written:
        key = self._one(("stream", "json", "model"))
        return {"wants": {key: self.text_value(("auto", "fast", "tiny")) if key == "model" else self._flag()}}

    def _flag(self) -> bool:
        return bool(self._one((True, False)))

    def _attributes(self) -> Written:
        names = self._some(tuple(pools.ATTRIBUTE_TYPES))
        return {"attributes": {name: self._typed(name, pools.ATTRIBUTE_TYPES[name]) for name in names}}

    def _typed(self, name: str, type_: str) -> Any:
        if name in pools.ATTRIBUTE_TYPES and happens(self.rng, 0.12):
            return {"exists": self._flag()}
        if type_ == "list":
            items = pools.ENUMS.get(name, pools.ITEMS)
            return {"has": self._one((self._one(items), self._some(items)))}
        if type_ == "boolean":
            return self._one((self._flag(), {"eq": self._flag()}, {"ne": self._flag()}, [True, False]))
        if type_ == "string":
            return self.text_value(pools.VALUES[name])
        if name in pools.ENUMS:
            return self._one(({"in": self._some(pools.LEVELS)}, {"ne": self._one(pools.LEVELS)}, {"gte": 2}, {"lt": 3}))
        return self.range((-3, 0, 1, 2, 5, "0.04k") if type_ == "integer" else pools.NUMBERS)

    def _time(self) -> Written:
        written: Written = {}
        while not written:
            for key, pool in (("between", pools.WINDOWS), ("days", pools.DAYS), ("dates", pools.DATES)):
                if self._flag():
                    written[key] = self._one(pool)
        return {"time": {**written, "zone": self._one(pools.ZONES)} if self._flag() else written}

    def _sample(self) -> Written:
        written: Written = {"share": self._one(("10%", 0.5, "50%", "90%", 0, 1))}
        if self._flag():
            written["by"] = self._one(pools.KEYS)
        if not self.in_rule or self._flag():
            written["salt"] = self._one(("s", "t"))
        return {"sample": written}

    def _cache(self) -> Written:
        field_ = self._one(("similarity", "hit"))
        return {"cache": {self._one(pools.CACHES): {field_: self._flag() if field_ == "hit" else self._share()}}}

    def _share(self) -> Written:
        return self.range(pools.SHARES)

    def _classifier(self) -> Written:
        label = self._one(("easy", ["easy"], {"ne": "hard"}, {"not_in": ["hard"]}))
        return {"classifier": {"complexity": self._one(({"label": label}, {"score": self._share()}))}}

    def _similar(self) -> Written:
        return {"similar": {"greetings": self._share()}}

    def _budget(self) -> Written:
        return {"budget": {"daily": self._one(({"used": self._share()}, {"left": self.range(pools.MONEY)}))}}

    def _escalation(self) -> Written:
        inner = self._one(({"rate": self._share()}, {"requests": self.range(pools.COUNTS)}))
        return {"escalation": {"careful": inner}}

    def _measured(self) -> Written:
        if self._flag():
            return {"latency": {self._one(pools.MODELS[:2]): {self._one(("p50", "p95")): self.range(pools.DURATIONS)}}}
        return {"errors": {self._one(pools.MODELS[:2]): {"rate": self._share()}}}

    def _session(self) -> Written:
        key = self._one(("tier", "model", "escalations", "errors"))
        names = {"tier": pools.TIERS, "model": pools.MODELS}
        return {"session": {key: self.text_value(names[key]) if key in names else self.range(pools.COUNTS)}}

    def _own(self) -> Written:
        name = self._one(tuple(pools.SIGNAL_TYPES))
        return {"signal": {name: self._typed(name, pools.SIGNAL_TYPES[name])}}

    def _expr(self) -> Written:
        return {"expr": Expressions(self.rng, tuple(self.scores)).boolean(2)}
