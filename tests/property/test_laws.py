"""Laws of shares, which converge and stick, and of three-valued truth, which is what substitution says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from math import log, sqrt
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.evaluator.possible import FALSE, MAYBE, TRUE, blamed, outcomes, pending
from policy_engine.model.facts import Facts
from policy_engine.model.request import Request
from tests.property.agreement import built
from tests.property.policies import Files

DRAWS = 2_000
BOUND = sqrt(log(2 / 1e-9) / (2 * DRAWS))
"""By Hoeffding's inequality a share of DRAWS independent draws is further from its mean once in 10**9 times."""

SALTS = st.text("abcdefgh-", min_size=1, max_size=8).filter(lambda text: text.strip("-") == text)
PERCENTS = st.integers(0, 100)
RANDOM = st.randoms(use_true_random=False)


def policies(rule: Mapping[str, Any], **sections: Any) -> PolicySet:
    """A bundle with one rule; by default a model called `rest` is called."""
    names = ("rest", "some", "others")
    files: Files = {
        "base.yaml": {
            "version": 1,
            "providers": {"own": {"kind": "fake"}},
            "models": {name: {"provider": "own", "model": name} for name in names},
            "attributes": {"tenant": {"type": "string"}},
            "rules": [{"name": "only", **rule}],
            "default": {"route": "rest"},
            **sections,
        }
    }
    return built(files)


@settings(max_examples=12)
@given(PERCENTS, SALTS)
def test_a_sampled_share_converges(percent: int, salt: str) -> None:
    """Of many requests, about the share that is written is sampled, whatever the salt."""
    policy_set = policies({"when": {"sample": {"share": f"{percent}%", "salt": salt}}, "then": {"route": "some"}})
    sampled = sum(decide(policy_set, Request(id=f"request-{number}")).rule == "only" for number in range(DRAWS))
    assert abs(sampled / DRAWS - percent / 100) <= BOUND
    assert percent not in (0, 100) or sampled == DRAWS * percent / 100


@settings(max_examples=12)
@given(st.lists(st.integers(1, 9), min_size=3, max_size=3), SALTS)
def test_a_split_converges_to_its_weights(weights: list[int], name: str) -> None:
    """Of many tenants, each part of a split has about its share by weight."""
    split = dict(zip(("rest", "some", "others"), weights, strict=True))
    policy_set = policies({"name": name, "then": {"route": {"split": split, "by": "attributes.tenant"}}})
    models = Counter(decide(policy_set, Request(attributes={"tenant": f"t{n}"})).model for n in range(DRAWS))
    assert all(abs(models[model] / DRAWS - weight / sum(weights)) <= BOUND for model, weight in split.items())


@settings(max_examples=12)
@given(PERCENTS, PERCENTS, SALTS)
def test_a_sample_sticks_as_it_grows(one: int, other: int, salt: str) -> None:
    """Who is in a share stays in it when the share grows, whatever else a request says."""

    def sampled(percent: int, text: str) -> set[str]:
        sample = {"share": f"{percent}%", "by": "attributes.tenant", "salt": salt}
        policy_set = policies({"when": {"sample": sample}, "then": {"route": "some"}})
        tenants = [f"tenant {number}" for number in range(200)]
        requests = [Request(input=text, id=text, attributes={"tenant": tenant}) for tenant in tenants]
        return {tenant for tenant, one in zip(tenants, requests, strict=True) if decide(policy_set, one).rule == "only"}

    assert sampled(min(one, other), "hello") <= sampled(max(one, other), "goodbye")


@settings(max_examples=12)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=2))
def test_a_split_sticks(weights: list[int]) -> None:
    """One tenant is always given the same model, whatever else a request says."""
    policy_set = policies(
        {"then": {"route": {"split": dict(zip(("some", "others"), weights, strict=True)), "by": "user"}}}
    )
    first = [decide(policy_set, Request(user=f"u{number}", id="a")).model for number in range(100)]
    again = [decide(policy_set, Request(user=f"u{number}", id="b", input="hello")).model for number in range(100)]
    assert again == first


SIGNALS = tuple(f"s{number}" for number in range(6))
OUTCOMES = {True: TRUE, False: FALSE, None: MAYBE}
INVALID = "neither"


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A condition over six boolean signals, each tested once."""
    rng = draw(RANDOM)
    parts: list[dict[str, Any]] = [{"signal": {name: rng.choice((True, False))}} for name in SIGNALS]
    while len(parts) > 1:
        taken = [parts.pop(rng.randrange(len(parts))) for _ in range(min(len(parts), rng.choice((2, 3))))]
        joined = {rng.choice(("all", "any", "none")): taken}
        parts.append(rng.choice((joined, {"not": joined})))
    return parts[0]


def kleene(written: Mapping[str, Any], values: Mapping[str, bool | None]) -> bool | None:
    """What a condition is where each signal is true, false or unknown."""
    ((key, inner),) = written.items()
    if key == "signal":
        ((name, wanted),) = inner.items()
        return None if values[name] is None else values[name] is wanted
    if key == "not":
        return negated(kleene(inner, values))
    children = [kleene(child, values) for child in inner]
    if key == "all":
        return False if False in children else None if None in children else True
    any_holds = True if True in children else None if None in children else False
    return any_holds if key == "any" else negated(any_holds)


def negated(truth: bool | None) -> bool | None:
    """The opposite; of unknown, unknown."""
    return None if truth is None else not truth


def substitutions(values: Mapping[str, Any], unasked: list[str]) -> Iterator[Mapping[str, bool | None]]:
    """Every way in which signals that nobody asked for can turn out."""
    for chosen in product((True, False, None), repeat=len(unasked)):
        yield {**values, **dict(zip(unasked, chosen, strict=True))}


@settings(max_examples=60)
@given(conditions(), RANDOM)
def test_possible_outcomes_are_those_of_every_substitution(written: dict[str, Any], rng: Random) -> None:
    """What is possible while signals are pending is exactly what comes of them being true, false or unknown."""
    declared = {name: {"type": "boolean"} for name in SIGNALS}
    policy_set = policies({"when": written, "then": {"tags": ["seen"]}}, signals=declared)
    values = {name: rng.choice((True, False, None)) for name in SIGNALS if rng.choice((True, False))}
    unasked = [name for name in SIGNALS if name not in values]
    supplied = {name: INVALID if value is None else value for name, value in values.items()}
    facts = Facts(Request(signals={"signal": supplied}), policy_set.layout)
    node = policy_set.rules[0].node
    assert node is not None

    ways = {kleene(written, ways) for ways in substitutions(values, unasked)}

    assert outcomes(node, facts) == sum(OUTCOMES[way] for way in ways)
    assert {group for _, group in pending((node,), facts)} <= {f"signal.{name}" for name in unasked}
    assert bool(set(pending((node,), facts))) is (len(ways) > 1)
    assert set(blamed(node, facts)) <= {f"signal.{name}" for name, value in values.items() if value is None}
    assert None not in ways or set(blamed(node, facts)) or unasked


@settings(max_examples=60)
@given(conditions(), RANDOM)
def test_whatever_is_blamed_matters(written: dict[str, Any], rng: Random) -> None:
    """A condition is unknown exactly if something is blamed, and knowing all of that would settle it."""
    declared = {name: {"type": "boolean"} for name in SIGNALS}
    policy_set = policies({"when": written, "then": {"tags": ["seen"]}}, signals=declared)
    values = {name: rng.choice((True, False, None)) for name in SIGNALS}
    supplied = {name: INVALID if value is None else value for name, value in values.items()}

    decision = decide(policy_set, Request(signals={"signal": supplied}))

    named = {name.removeprefix("signal.") for name in decision.unknown}
    assert bool(named) is (kleene(written, values) is None)
    settled = substitutions({name: value for name, value in values.items() if name not in named}, sorted(named))
    assert all(kleene(written, way) is not None for way in settled if None not in {way[name] for name in named})
