"""Tests of which changes are tried."""

from __future__ import annotations

from pathlib import Path

from policy_engine.verify.mutate.mutants import mutants_of
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


def texts(folder: Path) -> dict[str, list[str]]:
    """What is changed, by owner."""
    _, _, policy = opened(folder, "cases: [{name: a, expect: {rule: (default)}}]\n", HEAD + RULES)
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
    assert found["up"] == ["drop the limit `cost`", "drop step 1", "drop `accept` of step 1", "drop step 2"]
    assert found["(default)"] == ["route to `fast` instead of `frontier`"]
