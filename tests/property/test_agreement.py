"""The compiled graph against the reference, and what holds for every build and every decision, on made-up bundles."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide, decided
from policy_engine.model.facts import Facts
from policy_engine.model.request import read_request
from policy_engine.model.schemas import read_schema
from policy_engine.pipeline import build
from tests.property.agreement import TODAY, built, compared, folder_of, learner, policy_set_of, seen, write
from tests.property.conditions import Conditions
from tests.property.policies import Files, make_files, make_rule, rules_in_order
from tests.property.traffic import flat, make_request, make_signals
from tests.reference import Answer, Reference

Request = Mapping[str, Any]
RANDOM = st.randoms(use_true_random=False)


@st.composite
def bundles(draw: st.DrawFn) -> tuple[Files, list[Request]]:
    """The files of a bundle, and requests for it."""
    rng = draw(RANDOM)
    return make_files(rng), [make_request(rng) for _ in range(rng.choice((1, 5, 10, 15)))]


def answers(policy_set: PolicySet, requests: list[Request]) -> list[dict[str, Any]]:
    """Decisions in full, traces included."""
    return [decide(policy_set, read_request(request), trace=True).to_json() for request in requests]


@settings(max_examples=30)
@given(bundles())
def test_the_compiled_graph_decides_as_the_reference_does(case: tuple[Files, list[Request]]) -> None:
    """Rule, effect, model, tier, tags and what was unknown are those of the reference, with a trace or without."""
    files, requests = case
    policy_set, reference = built(files), Reference(files)
    for request in requests:
        result = compared(policy_set, reference, request)
        assert (seen(result.decision), seen(result.traced)) == (result.expected, result.expected)
        assert result.agree


@settings(max_examples=2)
@given(st.integers(0, 2**32))
def test_many_rules_are_decided_as_the_reference_does(seed: int) -> None:
    """Rules beyond the first unit of the graph, and beyond the first index, are tried like any others."""
    rng = Random(seed)
    files = make_files(rng, rules=530)
    for _, rule in rules_in_order(files):
        rule["then"] = {"tags": [rule["name"]]}
    policy_set, reference = built(files), Reference(files)
    for request in [make_request(rng) for _ in range(3)]:
        result = compared(policy_set, reference, request)
        assert seen(result.decision) == result.expected
        assert result.agree


@settings(max_examples=8)
@given(bundles())
def test_a_decision_is_pure_and_fits_its_schema(case: tuple[Files, list[Request]]) -> None:
    """The same policies and request give the same decision again, and its JSON has the published shape."""
    files, requests = case
    policy_set, validator = built(files), Draft7Validator(read_schema("decision.v1"))
    first = answers(policy_set, requests)
    assert answers(policy_set, requests) == first
    assert [error.message for decision in first for error in validator.iter_errors(decision)] == []


@settings(max_examples=8)
@given(bundles())
def test_a_build_is_the_same_whatever_order_files_are_listed_in(case: tuple[Files, list[Request]]) -> None:
    """Building again from files that were made in another order gives the same revision and the same decisions."""
    files, requests = case
    first, second = built(files), built(dict(reversed(files.items())))
    assert second.revision == first.revision
    assert answers(second, requests) == answers(first, requests)


@settings(max_examples=8)
@given(bundles())
def test_files_do_not_matter_where_priorities_are_explicit(case: tuple[Files, list[Request]]) -> None:
    """A rule decides alike in any file, if its file's `when` comes along and its priority keeps the order."""
    files, requests = case
    apart: Files = {path: {k: v for k, v in data.items() if k not in ("rules", "when")} for path, data in files.items()}
    for number, (file, rule) in enumerate(rules_in_order(files)):
        own = {"when": file["when"]} if "when" in file else {}
        apart[f"{number % 7}-{number}.yaml"] = {"version": 1, **own, "rules": [{**rule, "priority": -number}]}
    together, scattered = built(files), built(apart)
    for request in map(read_request, requests):
        assert seen(decide(scattered, request)) == seen(decide(together, request))


@settings(max_examples=8)
@given(bundles(), RANDOM)
def test_an_incremental_build_equals_a_fresh_one(case: tuple[Files, list[Request]], rng: Random) -> None:
    """After every edit, what is built upon the build before says and decides what a build from nothing does."""
    files, requests = case
    with folder_of(files) as folder:
        result = build(folder, today=TODAY)
        for _ in range(3):
            path = edit(files, rng)
            write(folder / path, files[path])
            result, fresh = build(folder, previous=result, today=TODAY), build(folder, today=TODAY)
            assert result.report == fresh.report
            assert answers(policy_set_of(result), requests) == answers(policy_set_of(fresh), requests)


def edit(files: Files, rng: Random) -> str:
    """Changes one thing in one file, and says in which."""
    path = rng.choice([path for path, data in files.items() if "rules" in data])
    rules, base = files[path]["rules"], files["m/base.yaml"]
    named, scores = list(base.get("conditions", ())), list(base.get("scores", ()))
    how = rng.choice(("rule", "insert", "remove", "when", "default_task", "condition"))
    if how == "rule":
        place = rng.randrange(len(rules))
        rules[place] = make_rule(rng, rules[place]["name"], named, scores)
    elif how == "insert":
        rules.insert(0, make_rule(rng, f"new-{rng.randrange(10**9)}", named, scores))
    elif how == "remove" and len(rules) > 1:
        rules.pop(rng.randrange(len(rules)))
    elif how == "when":
        files[path]["when"] = Conditions(rng, named, scores, in_rule=False).condition(1)
    elif how == "condition" and named:
        base["conditions"][named[0]] = Conditions(rng, in_rule=False).condition(1)
        return "m/base.yaml"
    elif how == "default_task":
        base["default_task"] = rng.choice(base["tasks"])
        return "m/base.yaml"
    return path


@settings(max_examples=12)
@given(bundles(), RANDOM)
def test_learning_signals_when_asked_decides_like_knowing_them(case: tuple[Files, list[Request]], rng: Random) -> None:
    """Signals learned on demand lead where supplied ones do; only some that would have been known stay unasked."""
    files, requests = case
    policy_set, reference = built(files), Reference(files)
    for request in requests:
        signals = make_signals(rng, share=0.7, invalid=0)
        eager = seen(decide(policy_set, read_request({**request, "signals": signals})))
        bare = read_request({**request, "signals": {}})
        lazy = seen(decide(policy_set, bare, learn=learner(signals)))
        assert lazy == reference.decide(bare, learnable=flat(signals))
        assert without_unknown(eager) == without_unknown(lazy)
        # An expression fails only once its signals are known.
        assert set(eager.unknown) - {"expr"} <= set(lazy.unknown)


@settings(max_examples=12)
@given(bundles(), RANDOM)
def test_signals_that_cannot_be_learned_are_unknown(case: tuple[Files, list[Request]], rng: Random) -> None:
    """Invalid values that are learned on demand decide as the reference says."""
    files, requests = case
    policy_set, reference = built(files), Reference(files)
    for request in requests:
        signals = make_signals(rng, share=0.7, invalid=0.3)
        bare = read_request({**request, "signals": {}})
        assert seen(decide(policy_set, bare, learn=learner(signals))) == reference.decide(bare, flat(signals))


@settings(max_examples=25)
@given(bundles(), RANDOM)
def test_giving_up_what_nobody_can_tell_decides_like_asking_in_vain(
    case: tuple[Files, list[Request]], rng: Random
) -> None:
    """A decision that knows beforehand which signals are unanswerable is, to the last name in `unknown`, the same."""
    files, requests = case
    policy_set = built(files)
    for request in requests:
        signals = make_signals(rng, share=rng.choice((0, 0.3)), invalid=0.1)
        read = read_request(request if rng.random() < 0.5 else {**request, "signals": {}})
        facts = Facts(read, policy_set.layout)
        facts.unanswerable = frozenset(policy_set.layout.bits) - flat(signals).keys()
        given_up, _ = decided(policy_set, facts, learn=learner(signals))
        assert given_up == decide(policy_set, read, learn=learner(signals))


def without_unknown(answer: Answer) -> Answer:
    """An answer, whatever was unknown on the way."""
    return replace(answer, unknown=())
