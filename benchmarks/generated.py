"""
Routing rules and requests made from a seed, for measuring.

A rule is a mapping of `id`, `task` (names), `chars` ((low, high), either may be None, or None), `regex`, `meta`
(attribute to value), `expr` (a tree) and `tier`; what it does not test is None. Rules come in order of priority,
`id` is the position. A tree is ("and" | "or", left, right), ("gt" | "lt" | "ge" | "le" | "eq", field, value) or
("in", field, values). A request is a mapping of `task`, `text`, `chars`, `tokens`, `tenant` and `tier`. The first rule
that holds decides; NOBODY if none does.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Any

NOBODY = -1
TASKS = tuple(f"task_{number:03d}" for number in range(200))
PLANS = ("free", "pro", "enterprise")
TIERS = ("nano", "small", "large", "frontier")

_LENGTHS = (0, 80, 160, 320, 640, 1_000, 1_600, 2_400, 3_200, 4_001)
_TOPICS = """
    refund invoice parcel warranty contract clause payroll deductible dosage allergy visa passport itinerary recipe
    sonnet limerick kernel compiler segfault deadlock migration replica latency certificate firewall phishing malware
    terraform kubernetes regression gradient eigenvalue theorem lemma integral enzyme isotope quarter forecast churn
    cohort webinar
    """.split()
_SYLLABLES = "ka lo mi nu pe ra si to vu we xa yo zi bre cla dro fli gra".split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Rules in order of priority, and requests to decide."""

    rules: list[dict[str, Any]]
    requests: list[dict[str, Any]]


def workload(*, rules: int, requests: int, seed: int = 1) -> Workload:
    """Rules and requests; the same arguments give the same."""
    rng = random.Random(f"{seed}/{rules}")
    words = _vocabulary(rng)
    tasks = TASKS[: min(len(TASKS), max(8, rules // 10))]
    tenants = [f"tenant_{number:04d}" for number in range(max(20, rules // 20))]
    patterns = [_pattern(rng, words) for _ in range(max(3, rules // 6))]
    drawn = [_rule(rng, tasks=tasks, tenants=tenants, patterns=patterns) for _ in range(rules)]
    # Narrow rules tend to stand before broad ones, as people write them.
    drawn.sort(key=lambda rule: rng.random() - 0.5 * _tests(rule))
    return Workload(
        rules=[{"id": number, **rule} for number, rule in enumerate(drawn)],
        requests=[_request(rng, tasks=tasks, tenants=tenants, words=words) for _ in range(requests)],
    )


def reference(rules: list[dict[str, Any]], request: dict[str, Any]) -> int:
    """The id of the rule that decides, found the slow and plain way."""
    import re

    for rule in rules:
        low, high = rule["chars"] or (None, None)
        if (
            request["task"] in rule["task"]
            and (low or 0) <= request["chars"] < (high or math.inf)
            and all(request[name] == value for name, value in (rule["meta"] or {}).items())
            and (rule["expr"] is None or _holds(rule["expr"], request))
            and (rule["regex"] is None or re.search(rule["regex"], request["text"]))
        ):
            return rule["id"]
    return NOBODY


def _holds(tree: tuple[Any, ...], request: dict[str, Any]) -> bool:
    op, left, right = tree
    if op in ("and", "or"):
        return (all if op == "and" else any)(_holds(child, request) for child in (left, right))
    value = request[left]
    outcomes = {"gt": lambda: value > right, "lt": lambda: value < right, "ge": lambda: value >= right}
    outcomes |= {"le": lambda: value <= right, "eq": lambda: value == right, "in": lambda: value in right}
    return outcomes[op]()


def _vocabulary(rng: random.Random) -> list[str]:
    made = {"".join(rng.choices(_SYLLABLES, k=rng.randint(1, 4))) for _ in range(2_500)}
    rest = sorted(made)
    rng.shuffle(rest)
    return rest[:120] + _TOPICS + rest[120:]


def _pattern(rng: random.Random, words: list[str]) -> str:
    rare = words[100:]
    shape = rng.random()
    if shape < 0.45:
        return rf"(?i)\b(?:{'|'.join(rng.sample(rare, rng.randint(2, 5)))})\b"
    if shape < 0.65:
        return rf"\b{rng.choice(rare)}\b"
    if shape < 0.80:
        return rf"(?i){rng.choice(rare)}\s+(?:the\s+)?{rng.choice(rare)}"
    if shape < 0.90:
        return rf"\b{rng.choice(('CVE', 'RFC', 'ORD', 'TKT'))}-\d{{{rng.randint(2, 4)},8}}\b"
    if shape < 0.95:
        return rf"[\w.]+@[\w-]+\.(?:{rng.choice(('com|org', 'io|dev'))})"
    return rf"(?i)^(?:please\s+)?{rng.choice(rare)}"


def _rule(rng: random.Random, *, tasks: tuple[str, ...], tenants: list[str], patterns: list[str]) -> dict[str, Any]:
    weights = _weights(len(tasks))
    extra = rng.random()
    rule: dict[str, Any] = {
        "task": sorted(set(rng.choices(tasks, weights, k=1 if rng.random() < 0.8 else 3))),
        "chars": None,
        "regex": rng.choice(patterns) if rng.random() < 0.3 else None,
        "meta": _meta(rng, tenants) if extra < 0.1 else None,
        "expr": _tree(rng, tenants) if 0.1 <= extra < 0.2 else None,
        "tier": rng.choice(TIERS),
    }
    alone = _tests(rule) == 0
    if alone or rng.random() < 0.6:
        first = rng.randrange(len(_LENGTHS) - 1)
        last = first + 1 if alone else rng.randint(first + 1, len(_LENGTHS) - 1)
        low, high = _LENGTHS[first] or None, _LENGTHS[last] if last < len(_LENGTHS) - 1 else None
        rule["chars"] = (low, high) if low or high else None
    return rule


def _tests(rule: dict[str, Any]) -> int:
    return sum(rule[name] is not None for name in ("regex", "meta", "expr"))


def _meta(rng: random.Random, tenants: list[str]) -> dict[str, str]:
    both = {"tenant": rng.choice(tenants), "tier": rng.choice(PLANS)}
    names = rng.choice((("tenant",), ("tier",), ("tenant", "tier")))
    return {name: both[name] for name in names}


def _tree(rng: random.Random, tenants: list[str]) -> tuple[Any, ...]:
    tokens = rng.choice((25, 50, 100, 200, 400, 800))
    some = rng.sample(tenants, 3)
    return rng.choice(
        (
            ("in", "tenant", some),
            ("and", ("gt", "tokens", tokens), ("in", "tenant", some)),
            ("or", ("eq", "tier", "enterprise"), ("gt", "tokens", tokens)),
            ("and", ("in", "tier", ["pro", "enterprise"]), ("le", "tokens", tokens)),
            ("and", ("eq", "tier", rng.choice(PLANS)), ("or", ("in", "tenant", some), ("ge", "tokens", tokens))),
        )
    )


def _request(rng: random.Random, *, tasks: tuple[str, ...], tenants: list[str], words: list[str]) -> dict[str, Any]:
    text = _text(rng, words, chars=int(math.exp(rng.uniform(math.log(50), math.log(4_000)))))
    return {
        "task": rng.choices(tasks, _weights(len(tasks)))[0],
        "text": text,
        "chars": len(text),
        "tokens": (len(text) + 3) // 4,
        "tenant": rng.choice(tenants),
        "tier": rng.choices(PLANS, (6, 3, 1))[0],
    }


def _text(rng: random.Random, words: list[str], *, chars: int) -> str:
    drawn = rng.choices(words, _weights(len(words)), k=chars // 3 + 8)
    for position in range(0, len(drawn), 50):
        drawn[position] = rng.choice(("CVE-2031-4412", "ORD-55021", "RFC-9110", "ana@example.com", "dev@example.io"))
    return " ".join(drawn)[:chars]


def _weights(count: int) -> list[float]:
    return [1 / (position + 2) for position in range(count)]
