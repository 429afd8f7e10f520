"""Which effect the reference expects of a decision, and the first model that would be called."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.model.texts import Shape
from tests.reference_facts import PENDING, UNKNOWN, Known
from tests.reference_tests import compares, position_of


@dataclass
class Models:
    """The models of a bundle, as one request can use them."""

    bundle: Mapping[str, Any]
    known: Known

    def choice(
        self, rule: str | None, then: Mapping[str, Any], gathered: Sequence[Mapping[str, Any]]
    ) -> tuple[str, str | None, str | None]:
        """Effect, model and tier of a decision."""
        if "respond" in then or "deny" in then:
            return "respond" if "respond" in then else "deny", None, None
        effect = "route" if "route" in then else "cascade"
        if effect == "route":
            routes = [self._links(then["route"], rule or "default")]
        else:
            name = then["cascade"]
            routes = [self._links(step["route"], name) for step in self.bundle["cascades"][name]["steps"]]
        wanted = {tag for one in (*gathered, then) for tag in one.get("only", {}).get("tags", ())}
        targets = [target for route in routes for target in route]
        if wanted and not any(self._tags(model) >= wanted for model, _ in targets):
            return "deny", None, None
        bound = self._bound(then, gathered)
        fitting = ((m, t) for m, t in targets if self._tags(m) >= wanted and self._fits(m, bound))
        return effect, *next(fitting, (None, None))

    def _links(self, written: Any, salt: str) -> list[tuple[str, str | None]]:
        links = written if isinstance(written, list) else [written]
        return [target for link in links for target in self._link(link, salt)]

    def _link(self, link: Any, salt: str) -> list[tuple[str, str | None]]:
        if link == "requested":
            return self._requested(self.known.value("wants.model"))
        if isinstance(link, str):
            return self._named(link)
        if "split" in link:
            return self._split(link, salt)
        return self._ranked(link)

    def _named(self, name: str) -> list[tuple[str, str | None]]:
        tiers = self.bundle.get("tiers", ())
        for tier in tiers:
            if tier["name"] == name:
                return [(model, name) for model in tier["models"]]
        return [(name, next((tier["name"] for tier in tiers if name in tier["models"]), None))]

    def _requested(self, name: str) -> list[tuple[str, str | None]]:
        if name in self.bundle["models"] or any(tier["name"] == name for tier in self.bundle.get("tiers", ())):
            return self._named(name)
        meant = [own for own, model in self.bundle["models"].items() if model["model"] == name]
        return self._named(meant[0]) if meant else []

    def _split(self, link: Mapping[str, Any], salt: str) -> list[tuple[str, str | None]]:
        key = self.known.value(link.get("by", "id"))
        names = list(link["split"])
        chosen = names[0]
        if key is not UNKNOWN:
            position, reached = position_of(f"{salt}/split", key), Fraction(0)
            for name, weight in link["split"].items():
                reached += Fraction(repr(float(weight)))
                if position < reached / sum(Fraction(repr(float(w))) for w in link["split"].values()):
                    chosen = name
                    break
        ordered = [chosen, *(name for name in names if name != chosen)]
        return [target for name in ordered for target in self._named(name)]

    def _ranked(self, link: Mapping[str, Any]) -> list[tuple[str, str | None]]:
        how = next(key for key in link if key in ("cheapest", "best", "fastest"))
        where = dict(link.get("where", {}))
        latency = {"latency": where.pop("latency")} if "latency" in where else {}
        targets = list(dict.fromkeys(target for name in link[how] for target in self._named(name)))
        targets = [target for target in targets if self._passes(target[0], self._facts(target[0]), where)]
        find = self._measured if how == "fastest" or latency else self._facts
        facts = {model: find(model) for model, _ in targets}
        passing = [target for target in targets if self._passes(target[0], facts[target[0]], latency)]

        def rank(target: tuple[str, str | None]) -> float:
            known = facts[target[0]]
            if how == "cheapest":
                return known["input_price"] + known["output_price"]
            return known.get("latency", math.inf) if how == "fastest" else -known.get("quality", -math.inf)

        return sorted(passing, key=rank)

    def _passes(self, model: str, facts: Mapping[str, float], where: Mapping[str, Any]) -> bool:
        """Whether a model has the tags and lies in the ranges; what is not known lies in none."""
        ranges = [(facts.get(name), name, range_) for name, range_ in where.items() if name != "tags"]
        return self._tags(model) >= set(where.get("tags", ())) and all(
            fact is not None and compares(fact, op, operand, _KINDS[name])
            for fact, name, range_ in ranges
            for op, operand in range_.items()
        )

    def _facts(self, model: str) -> dict[str, float]:
        """What the catalogue says of a model."""
        written = self.bundle["models"][model]
        own = {"quality": written.get("quality"), "latency": written.get("latency")}
        own |= {f"{side}_price": price for side, price in written.get("price", {}).items()}
        return {name: float(parse_quantity(one, _KINDS[name])) for name, one in own.items() if one is not None}

    def _measured(self, model: str) -> dict[str, float]:
        """The same, with how fast it was lately."""
        if self.known.value(f"latency.{model}.p50") is PENDING:
            self.known.ask([f"latency.{model}"])
        measured = self.known.value(f"latency.{model}.p50")
        return self._facts(model) if measured is UNKNOWN else {**self._facts(model), "latency": measured}

    def _tags(self, model: str) -> set[str]:
        written = self.bundle["models"][model]
        return {*written.get("tags", ()), *self.bundle["providers"][written["provider"]].get("tags", ())}

    def _bound(self, then: Mapping[str, Any], gathered: Sequence[Mapping[str, Any]]) -> int | None:
        """The most tokens that the answer may have: policy before caller, capped by the tightest limit."""
        cascade = self.bundle["cascades"][then["cascade"]] if "cascade" in then else {}
        params = [one.get("params", {}).get("max_tokens") for one in (then, *gathered)]
        asked = [one for one in (*params, self.known.request.params.get("max_tokens")) if one is not None][:1]
        limits = [one.get("limits", {}).get("max_tokens") for one in (then, cascade, *gathered)]
        bounds = [int(parse_quantity(one, Kind.COUNT)) for one in (*asked, *limits) if one is not None]
        return min(bounds, default=None)

    def _fits(self, model: str, bound: int | None) -> bool:
        request, written = self.known.request, self.bundle["models"][model]
        measured = self.known.value("input.tokens")
        sent = request.tokens.get("input", 0) if measured is UNKNOWN else measured
        if sent + (bound or 0) > _count(written.get("context", 2**60)):
            return False
        if bound is not None and bound > _count(written.get("max_output", 2**60)):
            return False
        needs = {"text"} | ({"tools"} if request.tools else set())
        needs |= {"json"} if self.known.value("wants.json") else set()
        needs |= {"images"} if Shape(request.messages or (), 0).images() else set()
        return needs <= set(written.get("accepts", needs))


_KINDS = {"quality": Kind.SHARE, "latency": Kind.DURATION, "input_price": Kind.MONEY, "output_price": Kind.MONEY}


def _count(written: Any) -> int:
    return int(parse_quantity(written, Kind.COUNT))
