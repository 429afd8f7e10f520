"""Tests of which changes are tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_engine.verify.mutate.mutants import mutants_of
from policy_engine.verify.mutate.trial import Fate, try_mutants
from tests.verify.bundles import HEAD, opened

RULES = """\
when: {wants: {json: false}}
conditions:
  calm: {attributes: {stakes: low}}
scores:
  weight:
    - {when: {message: {chars: {gt: 100}}}, points: 1}
    - {when: {message: {contains: [why, how]}}, points: 0.5}
cascades:
  up:
    steps: [{route: fast, accept: {output: {chars: {gte: 10}}}}, {route: frontier}]
    limits: {cost: $1}
rules:
  - name: first
    when:
      task: [faq, summarize]
      budget: {daily: {used: {gte: 90%}}}
      none: [{condition: calm}]
    then: {route: [fast, frontier], params: {max_tokens: 9}, tags: [a]}
  - name: second
    when: {any: [{score: {weight: {gt: 0.5}}}, {expr: 'message.chars > 5 and message.words > 1'}]}
    on_unknown: match
    then: {cascade: up}
  - name: third
    when: {time: {between: "09:00-17:00"}}
    then: {deny: {status: 403, message: "No."}}
"""


def texts(folder: Path, text: str = HEAD + RULES) -> dict[str, list[str]]:
    """What is changed, by owner."""
    _, _, policy = opened(folder, "cases: [{name: a, expect: {rule: (default)}}]\n", text)
    found: dict[str, list[str]] = {}
    for mutant in mutants_of(policy):
        found.setdefault(mutant.owner, []).append(mutant.text)
    return found


def test_conditions_thresholds_values_effects_and_order_are_changed(tmp_path: Path) -> None:
    """A rule loses, negates and moves each of its tests, one at a time, and does something else."""
    assert texts(tmp_path)["first"] == [
        "drop `task in [faq, summarize]`",
        "drop `faq` from `task in`",
        "drop `summarize` from `task in`",
        "negate `task in [faq, summarize]`",
        "drop `budget.daily.used >= 90%`",
        "`budget.daily.used >= 90%` becomes `budget.daily.used > 90%`",
        "`budget.daily.used >= 90%` becomes `budget.daily.used >= 89%`",
        "`budget.daily.used >= 90%` becomes `budget.daily.used >= 91%`",
        "negate `budget.daily.used >= 90%`",
        "drop `none of 1`",
        "`none` becomes `any`",
        "negate `condition calm`",
        "route to `frontier` instead of `fast`",
        "drop `fast` from the route",
        "route to `fast` instead of `frontier`",
        "drop `frontier` from the route",
        "drop `max_tokens` from `params`",
        "drop `a` from `tags`",
        "`on_unknown: match` instead of `skip`",
        "`on_unknown: default` instead of `skip`",
        "drop the rule",
        "try `second` before `first`",
    ]


def test_expressions_alternatives_and_cascades_are_changed(tmp_path: Path) -> None:
    """Each comparison and each part of an expression; a rule that matches on unknown no longer does."""
    assert texts(tmp_path)["second"] == [
        "drop `any of 2`",
        "`any` becomes `all`",
        "drop `score.weight > 0.5`",
        "`score.weight > 0.5` becomes `score.weight >= 0.5`",
        "`score.weight > 0.5` becomes `score.weight > 0.4`",
        "`score.weight > 0.5` becomes `score.weight > 0.6`",
        "negate `score.weight > 0.5`",
        "drop `message.chars > 5 and message.words > 1`",
        *(
            f"`message.chars > 5 and message.words > 1` becomes `{changed}`"
            for changed in (
                "message.chars > 5 or message.words > 1",
                "message.words > 1",
                "message.chars > 5",
                "message.chars >= 5 and message.words > 1",
                "message.chars > 5 and message.words >= 1",
            )
        ),
        "negate `message.chars > 5 and message.words > 1`",
        "cascade `up` becomes a route to `fast`",
        "`on_unknown: skip` instead of `match`",
        "`on_unknown: default` instead of `match`",
        "drop the rule",
        "try `third` before `second`",
    ]


def test_time_windows_move_by_a_minute(tmp_path: Path) -> None:
    """Each end of a window moves either way; a refusal says something else."""
    assert texts(tmp_path)["third"][:7] == [
        "drop `time 09:00-17:00`",
        "`time 09:00-17:00` becomes `time 09:01-17:00`",
        "`time 09:00-17:00` becomes `time 09:00-16:59`",
        "`time 09:00-17:00` becomes `time 08:59-17:00`",
        "`time 09:00-17:00` becomes `time 09:00-17:01`",
        "negate `time 09:00-17:00`",
        "status 403 becomes 418",
    ]


def test_what_rules_share_is_changed_once(tmp_path: Path) -> None:
    """A file's `when`, named conditions, scores, cascades and `default` are changed in their own place."""
    found = texts(tmp_path)

    assert found["policy.yaml"] == ["drop `wants.json == false`", "negate `wants.json == false`"]
    assert found["calm"] == ["negate `attributes.stakes == low`"]
    assert found["weight"] == [
        "drop +1 points",
        "`message.chars > 100` becomes `message.chars > 99`",
        "`message.chars > 100` becomes `message.chars > 101`",
        "negate `message.chars > 100`",
        "drop +0.5 points",
        "drop `why` from `message.text contains`",
        "drop `how` from `message.text contains`",
        "negate `message.text contains [why, how]`",
    ]
    assert found["up"] == [
        "drop the limit `cost`",
        "drop step 1",
        "drop `accept` of step 1",
        "`output.chars >= 10` becomes `output.chars >= 9` in `accept` of step 1",
        "`output.chars >= 10` becomes `output.chars >= 11` in `accept` of step 1",
        "negate `output.chars >= 10` in `accept` of step 1",
        "drop step 2",
    ]
    assert found["(default)"] == ["route to `fast` instead of `frontier`"]


SHARES = """\
conditions:
  polite: {message: {contains: [please, thanks]}}
scores:
  effort: [{when: {message: {chars: {gt: 100}}}, points: 1}]
cascades:
  judged:
    steps:
      - route: fast
        accept:
          output: {judge: {model: big, question: "Is it right?", score: {gte: 0.8}}}
          any: [{condition: polite}, {score: {effort: {gt: 0.5}}}]
      - {route: frontier}
rules:
  - name: shadowed
    then: {shadow: {route: big, share: 5%, compare: json}}
  - name: trial
    when: {sample: {share: 2.5%, by: attributes.plan, salt: a}}
    then: {route: frontier}
  - name: halves
    when: {task: summarize}
    then: {route: {split: {mini: 50, big: 49.5}, by: attributes.plan}}
"""


def test_shares_are_moved_and_gates_changed(tmp_path: Path) -> None:
    """A share moves by its last digit; of a gate, what its text has: bounds, named conditions, but no score's parts."""
    policy = HEAD.replace("default: {route: frontier}", "default: {cascade: judged}") + SHARES

    found = texts(tmp_path, policy)

    assert found["shadowed"][:3] == [
        "drop `shadow`",
        "shadow of `4%` instead of `5%`",
        "shadow of `6%` instead of `5%`",
    ]
    assert found["trial"][:4] == [
        "drop `sample 2.5%`",
        "`sample 2.5%` becomes `sample 2.4%`",
        "`sample 2.5%` becomes `sample 2.6%`",
        "negate `sample 2.5%`",
    ]
    assert found["halves"][2:6] == [
        "all of the split to `mini`",
        "all of the split to `big`",
        "weight 49 of `mini` instead of 50",
        "weight 51 of `mini` instead of 50",
    ]
    assert [text.removesuffix(" in `accept` of step 1") for text in found["judged"]] == [
        "drop step 1",
        "drop `accept` of step 1",
        "drop `judge big >= 0.8`",
        "`judge big >= 0.8` becomes `judge big > 0.8`",
        "`judge big >= 0.8` becomes `judge big >= 0.7`",
        "`judge big >= 0.8` becomes `judge big >= 0.9`",
        "negate `judge big >= 0.8`",
        "drop `any of 2`",
        "`any` becomes `all`",
        "drop `condition polite`",
        "negate `condition polite`",
        "drop `score.effort > 0.5`",
        "`score.effort > 0.5` becomes `score.effort >= 0.5`",
        "`score.effort > 0.5` becomes `score.effort > 0.4`",
        "`score.effort > 0.5` becomes `score.effort > 0.6`",
        "negate `score.effort > 0.5`",
        "drop step 2",
    ]
    assert found["polite"] == [
        "drop `please` from `message.text contains`",
        "drop `thanks` from `message.text contains`",
        "negate `message.text contains [please, thanks]`",
    ]
    assert "effort" not in found


@pytest.mark.parametrize("owner", ["judged", "polite", "shadowed", "trial", "halves"])
def test_each_of_them_can_be_noticed(owner: str, tmp_path: Path) -> None:
    """Every change of a gate or a share is offered a case that passes now and would fail with it."""
    policy = HEAD.replace("default: {route: frontier}", "default: {cascade: judged}") + SHARES.replace(
        "attributes.plan", "attributes.shop"
    )
    policy = policy.replace("attributes:\n", "attributes:\n  shop: {type: string}\n", 1)
    suite, policy_set, written = opened(tmp_path, "cases: [{name: a, request: {task: faq}, expect: {}}]\n", policy)

    results = [one for one in try_mutants(suite, policy_set, written).results if one.mutant.owner == owner]

    missed = [one for one in results if one.fate is Fate.MISSED]
    assert [one.mutant.text for one in missed if one.witness is None] == []
    assert len(missed) >= 3
