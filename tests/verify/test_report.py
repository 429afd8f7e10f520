"""Why a failed test came out as it did."""

from __future__ import annotations

from pathlib import Path

from policy_engine.model.policy import Policy
from policy_engine.verify.load import load_suite
from policy_engine.verify.report import reasons
from policy_engine.verify.run import run_suite
from tests.verify.bundles import HEAD, built

LONG = HEAD + (
    "rules:\n"
    "  - name: long\n"
    "    when:\n"
    "      any: [{message: {chars: {gt: 1}}}, {message: {chars: {gt: 2}}}, {message: {chars: {gt: 3}}}, "
    "{message: {chars: {gt: 4}}}, {message: {chars: {gt: 5}}}, {message: {chars: {gt: 6}}}, {task: faq}]\n"
    "    then: {route: fast}\n"
)


def reasons_of(folder: Path, request: str) -> list[str]:
    """Why the rule `long` does not decide a request."""
    result = built(folder, f"cases: [{{name: a, request: {request}, expect: {{rule: long}}}}]\n", LONG)
    policy = result.validation.policy
    assert isinstance(policy, Policy)
    assert result.policy_set is not None
    (failed,) = run_suite(load_suite(result.bundle, policy), result.policy_set).results
    return list(reasons(failed))


def test_an_unknown_rule_is_explained_by_what_is_not_known(tmp_path: Path) -> None:
    """What is false beside it does not matter; the first of many tests are told and the others counted."""
    assert reasons_of(tmp_path, "{task: summarize}") == [
        "`long` does not match: message.chars > 1 is unknown; message.chars > 2 is unknown; "
        "message.chars > 3 is unknown; message.chars > 4 is unknown; and 2 more"
    ]


def test_a_rule_that_does_not_match_is_explained_by_what_is_false(tmp_path: Path) -> None:
    """Each with the value that was seen."""
    assert reasons_of(tmp_path, '{task: summarize, input: "x"}') == [
        "`long` does not match: message.chars > 1 (it is 1); message.chars > 2 (it is 1); "
        "message.chars > 3 (it is 1); message.chars > 4 (it is 1); and 3 more"
    ]
