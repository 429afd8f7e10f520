"""Laws of `diff` on made-up bundles: nothing where nothing changed, and every witness shows what it is said to show."""

from copy import deepcopy
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.evaluator.decide import decide
from policy_engine.model.request import read_request
from policy_engine.replay.changes import changes_between, declared_between
from policy_engine.replay.deeds import deed_of
from policy_engine.replay.moves import Moves
from policy_engine.replay.pairs import Pair
from policy_engine.replay.witnesses import witnessed
from policy_engine.signals.live import pure_sources
from tests.property.agreement import built
from tests.property.policies import Files, make_files, make_rule, rules_in_order
from tests.property.traffic import make_request

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
SEEDS = st.integers(0, 2**32)  # a bundle and its requests draw more than Hypothesis likes to shrink


def changed(rng: Random, files: Files) -> Files:
    """The same files with one rule replaced by another, left out or put first."""
    new = deepcopy(files)
    file, rule = rng.choice(rules_in_order(new))
    kind = rng.choice(("replace", "remove", "raise"))
    if kind == "replace":
        base = files["m/base.yaml"]
        other = make_rule(rng, rule["name"], list(base.get("conditions", ())), list(base.get("scores", ())))
        file["rules"][file["rules"].index(rule)] = other
    elif kind == "remove":
        file["rules"].remove(rule)
        if not file["rules"]:
            del file["rules"]
    else:
        rule["priority"] = 9
    return new


@settings(max_examples=25)
@given(SEEDS)
def test_a_version_does_not_differ_from_itself(seed: int) -> None:
    """Built twice, the same files have no changes, and no request moves."""
    rng = Random(seed)
    files = make_files(rng)
    old, new = built(files), built(dict(reversed(files.items())))
    pair, moves = Pair(old, new, now=NOW), Moves()
    for _ in range(8):
        moves.add(pair.see(make_request(rng), estimate=True), "r")

    assert (changes_between(old, new), declared_between(old, new)) == ((), ())
    assert (moves.moved, moves.renamed, moves.groups, moves.delta_usd) == (0, 0, {}, 0)


@settings(max_examples=10)
@given(SEEDS)
def test_every_witness_is_decided_differently_because_of_its_change(seed: int) -> None:
    """Both versions, asked apart, do different things, and the traces part at the rule that is said to differ."""
    rng = Random(seed)
    files = make_files(rng, rules=8)
    old, new = built(files), built(changed(rng, files))

    for shown in witnessed(Pair(old, new, now=NOW), [make_request(rng) for _ in range(5)]):
        if shown.witness is None:
            continue
        decisions = [
            decide(one, read_request(shown.witness.request), clock=lambda: NOW, learn=pure_sources(one).resolve)
            for one in (old, new)
        ]
        assert deed_of(decisions[0].verdict) != deed_of(decisions[1].verdict)
        assert shown.witness.cause.rule == shown.change.rule


@settings(max_examples=10)
@given(SEEDS)
def test_every_move_has_a_cause_that_is_a_change(seed: int) -> None:
    """No request moves for a rule that is the same in both versions, as long as declarations are."""
    rng = Random(seed)
    files = make_files(rng, rules=8)
    old, new = built(files), built(changed(rng, files))
    pair = Pair(old, new, now=NOW)
    changes: set[Any] = {change.rule for change in changes_between(old, new)}
    causes = [seen.cause for seen in (pair.see(make_request(rng)) for _ in range(15)) if seen.cause is not None]

    assert [cause for cause in causes if cause.rule not in changes] == []
