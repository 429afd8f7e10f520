"""Made-up bundles as the data of their files, valid by construction."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.property import pools
from tests.property.chance import happens
from tests.property.conditions import Conditions

Files = dict[str, dict[str, Any]]

MODELS: dict[str, dict[str, Any]] = {
    "tiny": {"price": {"input": 0.1, "output": 0.4}, "context": 60, "accepts": ["text"], "quality": 0.5},
    "small": {"price": {"input": "$0.2", "output": "$0.3"}, "max_output": 50, "tags": ["eu"], "quality": 0.6},
    "large": {"price": {"input": 2, "output": 8}, "accepts": ["text", "tools", "json"], "latency": "900ms"},
    "huge": {"price": {"input": 5, "output": 20}, "tags": ["eu", "big"], "quality": 0.9},
}


def make_files(rng: Random, rules: int | None = None) -> Files:
    """The files of a bundle, by path; of a few rules, or as many as are asked for."""
    base = _declarations(rng)
    plain = happens(rng, 0.4)  # rules that test what every request can say
    named, scores = ([], []) if plain else (list(base.get("conditions", ())), list(base.get("scores", ())))
    files: Files = {"m/base.yaml": base}
    paths = rng.choice((("m/base.yaml",), ("a.yaml", "m/base.yaml"), ("b.yaml", "m/z.yml", "z.yaml")))
    for number in range(rng.choice((2, 4, 6, 8, 8, 30)) if rules is None else rules):
        file = files.setdefault(rng.choice(paths), {"version": 1})
        file.setdefault("rules", []).append(make_rule(rng, f"rule-{number}", named, scores, plain=plain))
    for file in files.values():
        if "rules" in file and happens(rng, 0.1):
            file["when"] = Conditions(rng, named, scores, in_rule=False, plain=plain).condition(1)
    return files


def rules_in_order(files: Files) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each rule with its file's data, in the order in which rules are tried."""
    listed = [(file, rule) for _, file in sorted(files.items()) for rule in file.get("rules", ())]
    return sorted(listed, key=lambda pair: -pair[1].get("priority", 0))


def make_rule(rng: Random, name: str, named: list[str], scores: list[str], *, plain: bool = False) -> dict[str, Any]:
    """A rule; one that refuses or restricts says what happens when it is unknown. A plain one reads no signal."""
    rule: dict[str, Any] = {"name": name, "then": make_effect(rng)}
    if plain and "cache" in rule["then"].get("respond", ()):
        rule["then"]["respond"] = {"text": "hi"}
    if happens(rng, 0.95):
        rule["when"] = Conditions(rng, named, scores, plain=plain).condition(rng.choice((0, 1, 2)))
    if happens(rng, 0.4) or "deny" in rule["then"] or "only" in rule["then"]:
        rule["on_unknown"] = rng.choice(("skip", "skip", "match", "default"))
    if happens(rng, 0.3):
        rule["priority"] = rng.choice((-1, 0, 1, 5))
    if happens(rng, 0.05):
        rule["enabled"] = False
    return rule


def make_effect(rng: Random) -> dict[str, Any]:
    """A terminal effect, modifiers, or both."""
    then: dict[str, Any] = {}
    kind = rng.random()
    if kind < 0.8:
        then |= make_terminal(rng)
    if kind >= 0.8 or happens(rng, 0.2):
        then["tags"] = list(dict.fromkeys(rng.choice(("red", "green", "blue")) for _ in range(rng.randint(1, 2))))
        if happens(rng, 0.15):
            then["only"] = {"tags": [rng.choice(("eu", "big"))]}
        if happens(rng, 0.15):
            then["limits"] = {"max_tokens": rng.choice((20, 55, "0.1k"))}
        if happens(rng, 0.15):
            then["params"] = {"max_tokens": rng.choice((10, 52, "0.06k")), "temperature": 0.2}
        if happens(rng, 0.1):
            then["log"] = rng.choice(("none", "full"))
    return then


def make_terminal(rng: Random) -> dict[str, Any]:
    """One of the four terminal effects."""
    effect = rng.choice(("route", "route", "respond", "cascade", "deny"))
    if effect == "route":
        return {"route": _route(rng)}
    if effect == "cascade":
        return {"cascade": rng.choice(pools.CASCADES)}
    if effect == "deny":
        return {"deny": {"status": rng.choice((403, 429)), "message": "no"}}
    return {"respond": rng.choice(({"text": "hi"}, {"json": {"a": 1}}, {"cache": "semantic"}, {"cache": "exact"}))}


def _route(rng: Random) -> Any:
    forms: list[Any] = [*pools.MODELS, *pools.TIERS, "requested"]
    forms.append({"split": {"fast": 3, "huge": 1.5}})
    forms.append(
        {
            "split": {"tiny": 50, "large": 50},
            "by": rng.choice(("session", "user", "attributes.seats", "attributes.ratio")),
        }
    )
    forms.append({rng.choice(("cheapest", "best", "fastest")): ["slow", "fast"]})
    forms.append({"cheapest": list(pools.MODELS), "where": {"tags": ["eu"]}})
    quick = rng.choice(({"lt": "1s"}, {"in": ["400ms", "1s"]}, {"ne": "400ms"}))
    forms.append({"best": list(pools.MODELS), "where": {"latency": quick}})
    forms.append({"fastest": list(pools.MODELS), "where": {"quality": {"gte": rng.choice((0.6, "60%"))}}})
    return rng.choice(forms) if happens(rng, 0.7) else [rng.choice(forms) for _ in range(2)]


def _declarations(rng: Random) -> dict[str, Any]:
    base: dict[str, Any] = {
        "version": 1,
        "zone": rng.choice(pools.ZONES),
        "tasks": list(pools.TASKS),
        "providers": {"own": {"kind": "fake"}},
        "attributes": {name: _typed(rng, name, type_) for name, type_ in pools.ATTRIBUTE_TYPES.items()},
        "signals": {name: _declared(name, type_) for name, type_ in pools.SIGNAL_TYPES.items()},
        "models": {name: {"provider": "own", "model": f"own/{name}", **model} for name, model in MODELS.items()},
        "tiers": [{"name": "fast", "models": ["tiny", "small"]}, {"name": "slow", "models": ["large", "huge"]}],
        "caches": {
            "semantic": {"kind": "semantic", "embedder": "hashed", "threshold": rng.choice((0.9, "95%", 0))},
            "exact": {"kind": "exact"},
        },
        "classifiers": {"complexity": {"file": "complexity.json", "labels": list(pools.LABELS)}},
        "phrases": {"greetings": {"embedder": "hashed", "of": ["hello"]}},
        "budgets": {"daily": {"amount": "$50", "window": "day"}},
        "cascades": _cascades(rng),
        "default": make_terminal(rng),
    }
    if happens(rng, 0.5):
        base["default_task"] = rng.choice(pools.TASKS)
    if happens(rng, 0.2):
        base["default"]["tags"] = ["rest"]
    return base | _shared(rng)


def _shared(rng: Random) -> dict[str, Any]:
    """Named conditions and scores, each using those before it."""
    made: dict[str, Any] = {"conditions": {}, "scores": {}}
    for name in ("first", "second", "third")[: rng.randint(0, 3)]:
        conditions = Conditions(rng, list(made["conditions"]), list(made["scores"]), in_rule=False)
        made["conditions"][name] = conditions.condition(1)
        points = [rng.choice((0.1, 0.2, 0.3, -0.5, 1, 2.5)) for _ in range(rng.randint(1, 4))]
        made["scores"][name] = [{"when": conditions.condition(1), "points": one} for one in points]
    return {section: entries for section, entries in made.items() if entries}


def _declared(name: str, type_: str) -> dict[str, Any]:
    return {"type": type_, "enum": list(pools.ENUMS[name])} if name in pools.ENUMS else {"type": type_}


def _typed(rng: Random, name: str, type_: str) -> dict[str, Any]:
    declared = _declared(name, type_)
    if happens(rng, 0.3):
        declared["default"] = (
            [rng.choice(pools.ENUMS.get(name, pools.ITEMS))] if type_ == "list" else rng.choice(pools.VALUES[name])
        )
    return declared


def _cascades(rng: Random) -> dict[str, Any]:
    gate = rng.choice(
        ({"output": {"chars": {"gt": 3}}}, {"output": {"confidence": {"gte": 0.8}}}, {"expr": "output.chars > 2"})
    )
    careful = {
        "steps": [{"route": rng.choice(("tiny", "fast")), "accept": gate}, {"route": "slow"}],
        "limits": {"escalation_rate": {"max": "30%", "window": "1h", "min_requests": 10}},
    }
    plain: dict[str, Any] = {"steps": [{"route": ["requested", "small"]}]}
    if happens(rng, 0.2):
        plain["limits"] = {"max_tokens": 51}
    return {"careful": careful, "plain": plain}
