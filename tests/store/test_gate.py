"""Tests of a bundle's own tests as a gate before its policies go live."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_engine.errors import PolicyTestsFailed
from policy_engine.evaluator.decide import decide
from policy_engine.model.events import Event, ReloadHeld
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from policy_engine.store.gate import failing_tests
from policy_engine.store.last_good import LastGood
from policy_engine.store.snapshot import Hindrance, Result, Source
from policy_engine.store.store import Store
from tests.store.bundles import bundle_text, open_store, write_bundle

EXPECTS_ONE = """\
cases:
  - name: it answers
    request: {task: ask, input: hi}
    expect: {rule: r0, plan: {answer: {text: one}}}
"""


def with_tests(folder: Path, tests: str = EXPECTS_ONE) -> Path:
    """A bundle that answers `one`, with tests that want that."""
    policy = write_bundle(folder)
    (folder / "policy_test.yaml").write_text(tests, encoding="utf-8")
    return policy


def answer_of(store: Store) -> object:
    """What the live policies answer."""
    plan = decide(store.current.policy_set, Request(task="ask", input="hi")).plan.to_json()
    return plan["answer"]["text"]


def test_policies_that_pass_their_tests_go_live(tmp_path: Path) -> None:
    """A start and a reload run the tests, and say nothing where they pass."""
    policy = with_tests(tmp_path)
    store = open_store(tmp_path)
    policy.write_text(bundle_text("one") + "# with a note\n")

    outcome = store.reload()

    assert (outcome.result, outcome.snapshot.generation, store.status().pending) == (Result.PUBLISHED, 2, None)


def test_policies_that_fail_their_tests_are_held(tmp_path: Path) -> None:
    """The old policies serve on, and the status says which test fails, where and how."""
    policy = with_tests(tmp_path)
    events: list[Event] = []
    store = open_store(tmp_path, on_event=events.append)
    policy.write_text(bundle_text("two"))

    outcome = store.reload()

    reason = f"{tmp_path}/policy_test.yaml:2:11: error[PE620] `it answers`: plan.answer.text is two, not one"
    pending = store.status().pending
    assert pending is not None
    assert (outcome.result, pending.hindrance, pending.reason) == (Result.REFUSED, Hindrance.TESTS_FAILED, reason)
    assert store.status().held == reason
    assert [one.code for one in pending.diagnostics] == ["PE620"]
    assert isinstance(pending.error, PolicyTestsFailed)
    assert isinstance(events[-1], ReloadHeld)
    assert answer_of(store) == "one"


def test_mending_the_test_lets_the_policies_go_live(tmp_path: Path) -> None:
    """A change of the test alone is enough of a change."""
    policy = with_tests(tmp_path)
    store = open_store(tmp_path)
    policy.write_text(bundle_text("two"))
    store.reload()
    (tmp_path / "policy_test.yaml").write_text(EXPECTS_ONE.replace("one", "two"))

    outcome = store.check(lambda seconds: False)

    assert outcome is not None
    assert (outcome.result, store.status().pending, answer_of(store)) == (Result.PUBLISHED, None, "two")


def test_a_changed_test_is_run_and_changes_no_revision(tmp_path: Path) -> None:
    """A test that the live policies fail is pending; a generation is not made of it, nor of one that passes."""
    with_tests(tmp_path)
    store = open_store(tmp_path)
    before = store.status()
    (tmp_path / "policy_test.yaml").write_text(EXPECTS_ONE.replace("one", "three"))
    refused = store.reload()
    (tmp_path / "policy_test.yaml").write_text(EXPECTS_ONE + "# said otherwise\n")
    accepted = store.reload()

    assert (refused.result, accepted.result) == (Result.REFUSED, Result.UNCHANGED)
    assert (store.status().revision, store.status().generation) == (before.revision, 1)
    assert store.status().pending is None


def test_a_mistake_in_a_test_file_holds_the_reload(tmp_path: Path) -> None:
    """A test that cannot be run as it is meant proves nothing."""
    policy = with_tests(tmp_path)
    store = open_store(tmp_path)
    (tmp_path / "policy_test.yaml").write_text(EXPECTS_ONE.replace("rule: r0", "rule: r1"))
    policy.write_text(bundle_text("one") + "# with a note\n")

    pending = store.reload().pending

    assert pending is not None
    assert [one.code for one in pending.diagnostics] == ["PE620", "PE601"]


def test_a_todo_holds_nothing(tmp_path: Path) -> None:
    """What is known to fail for now does not keep policies from going live."""
    with_tests(tmp_path, EXPECTS_ONE.replace("one", "two") + "    todo: waits\n")

    assert open_store(tmp_path).status().pending is None


def test_an_example_is_a_test(tmp_path: Path) -> None:
    """A rule whose example is wrong does not go live."""
    policy = write_bundle(tmp_path)
    store = open_store(tmp_path)
    wrong = '"two"}}, examples: [{task: faq, input: hi, expect: match}]}'
    policy.write_text(bundle_text("two").replace('"two"}}}', wrong))

    pending = store.reload().pending

    assert pending is not None
    assert pending.reason.endswith("error[PE620] `r0: example 1`: rule `r0` is unknown, not match")


def test_force_takes_policies_that_fail_their_tests(tmp_path: Path) -> None:
    """A person may decide that the test is wrong, and mend it later."""
    policy = with_tests(tmp_path)
    store = open_store(tmp_path)
    policy.write_text(bundle_text("two"))
    store.reload()

    outcome = store.reload(force=True)

    assert (outcome.result, answer_of(store)) == (Result.PUBLISHED, "two")


def test_a_start_with_failing_tests_is_an_error(tmp_path: Path) -> None:
    """Without anything to serve, the failing tests are raised with their report."""
    with_tests(tmp_path, EXPECTS_ONE.replace("one", "two"))

    with pytest.raises(PolicyTestsFailed, match=r"the tests of the policies in .* fail; the first: .*PE620") as caught:
        open_store(tmp_path)

    assert [one.code for one in caught.value.report.errors] == ["PE620"]


def test_the_last_known_good_stands_in_for_policies_that_fail_their_tests(tmp_path: Path) -> None:
    """A restart serves what was served before the failing edit."""
    policy = with_tests(tmp_path / "policies")
    last_good = LastGood(tmp_path / "state", str(tmp_path / "policies"), None)
    open_store(tmp_path / "policies", last_good=last_good)
    policy.write_text(bundle_text("two"))

    store = open_store(tmp_path / "policies", last_good=last_good)

    status = store.status()
    assert status.pending is not None
    assert (status.source, status.pending.hindrance) == (Source.LAST_GOOD, Hindrance.TESTS_FAILED)
    assert answer_of(store) == "one"


def test_without_tests_nothing_is_run(tmp_path: Path) -> None:
    """A bundle without tests and examples has none that fail."""
    write_bundle(tmp_path)

    assert failing_tests(build(tmp_path), str(tmp_path)) is None
