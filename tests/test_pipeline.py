"""From a folder to a policy set and a report."""

from datetime import date
from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.errors import BundleNotFound
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from policy_engine.pipeline import build
from tests.policies_of import built, policies, written

RULE = "rules: [{name: r, when: {task: chat}, then: {route: fast}}]"


def test_a_sound_folder_becomes_a_policy_set(tmp_path: Path) -> None:
    """The report counts files and rules and has the revision of the policy set."""
    result = built(tmp_path, {"case.yaml": RULE})

    assert result.policy_set is not None
    assert (result.report.diagnostics, result.report.files, result.report.rules) == ((), 2, 1)
    assert result.report.revision == result.policy_set.revision
    assert result.policy_set.revision.startswith("sha256:")


def test_findings_of_every_stage_are_told_together_in_order_of_place(tmp_path: Path) -> None:
    """A wrong word, an unknown name, a bad pattern and a bad expression are in one report; there is no policy set."""
    files = {
        "a.yaml": "rules: [{name: r, when: {message: {matches: '('}}, then: {route: nowhere}}]",
        "b.yaml": "ruls: []",
        "c.yaml": "rules: [{name: s, when: {expr: 'a ='}, then: {route: fast}}]",
    }

    result = built(tmp_path, files)

    assert [(Path(one.span.path).name, one.code) for one in result.report.errors] == [
        ("a.yaml", "PE401"), ("a.yaml", "PE301"), ("b.yaml", "PE201"), ("c.yaml", "PE411"),
    ]  # fmt: skip
    assert (result.policy_set, result.report.revision) == (None, None)


def test_a_file_that_cannot_be_read_does_not_hide_the_findings_of_others(tmp_path: Path) -> None:
    """Broken YAML is one error among those that do not depend on what the file may declare."""
    files = {
        "a.yaml": "rules: [",
        "b.yaml": "rules: [{name: r, when: {message: {matches: '('}}, then: {route: nowhere}}]",
    }

    found = built(tmp_path, files).report.errors

    assert [(Path(one.span.path).name, one.code[:3]) for one in found] == [("a.yaml", "PE1"), ("b.yaml", "PE4")]


def test_warnings_do_not_keep_a_policy_set_back(tmp_path: Path) -> None:
    """A rule about to expire is told, and decides."""
    folder = written(tmp_path, {"case.yaml": 'rules: [{name: r, expires: "2026-12-01", then: {route: fast}}]'})

    result = build(folder, today=date(2026, 11, 24))

    assert [one.code for one in result.report.warnings] == ["PE334"]
    assert result.policy_set is not None
    assert build(folder, today=date(2026, 10, 1)).report.diagnostics == ()


def test_a_folder_that_is_not_there_is_an_exception(tmp_path: Path) -> None:
    """Nothing to read is not an author's mistake."""
    with pytest.raises(BundleNotFound, match="nowhere"):
        build(tmp_path / "nowhere")


def test_the_revision_is_of_what_was_read(tmp_path: Path) -> None:
    """The same contents have the same revision wherever they lie; another word or environment has another."""
    revisions = [
        policies(tmp_path / name, {"case.yaml": text}, env).revision
        for name, text, env in (
            ("a", RULE, None),
            ("b", RULE, None),
            ("c", f"{RULE}\n", None),
            ("d", RULE, None),
        )
    ]
    overlaid = {"case.yaml": RULE, "overlays/x/o.yaml": "zone: UTC", "overlays/y/o.yaml": "zone: UTC"}

    assert revisions[0] == revisions[1] == revisions[3] != revisions[2]
    assert policies(tmp_path / "e", overlaid, "x").revision != policies(tmp_path / "f", overlaid, "y").revision


def test_building_from_an_earlier_result_is_building_anew(tmp_path: Path) -> None:
    """After any edit, reusing what there was gives the same report, revision and decisions."""
    edits = [
        {"case.yaml": RULE},
        {"case.yaml": RULE.replace("chat", "code")},
        {"case.yaml": RULE.replace("fast", "nowhere")},
        {"case.yaml": RULE, "more.yaml": "rules: [{name: s, then: {route: frontier}}]"},
        {"case.yaml": RULE, "more.yaml": "tasks: [extra]"},
    ]
    previous = None
    for files in edits:
        folder = written(tmp_path, files)

        previous = build(folder, previous=previous)

        anew = build(folder)
        assert previous.report == anew.report
        assert _rules(previous.policy_set) == _rules(anew.policy_set)


def test_an_earlier_policy_set_still_decides_as_it_did(tmp_path: Path) -> None:
    """A build leaves the results before it as they were."""
    first = built(tmp_path, {"case.yaml": RULE})
    assert first.policy_set is not None
    (tmp_path / "case.yaml").write_text(RULE.replace("fast", "frontier"), encoding="utf-8")

    build(tmp_path, previous=first)

    assert decide(first.policy_set, Request(task="chat")).model == "mini"


def _rules(policy_set: object) -> list[object] | None:
    rules = getattr(policy_set, "rules", None)
    return None if rules is None else [(rule.name, rule.verdict) for rule in rules]


@pytest.mark.parametrize(
    "text",
    [
        """rules: [{name: r, when: {attributes: {groups: {has: ONE}}}, then: {respond: {json: {a: ONE}}}}]""",
        """{when: {attributes: {groups: {has: ONE}}}, rules: [{name: r, then: {respond: {json: {a: ONE}}}}]}""",
    ],
    ids=["of a rule", "of a file"],
)
def test_an_edit_from_1_to_true_is_an_edit(text: str, tmp_path: Path) -> None:
    """To Python both are equal; what is built upon the build before decides and answers by what is written now."""
    previous, found, anew = None, [], []
    for one in ("1", "true", "1.0"):
        folder = written(tmp_path, {"case.yaml": text.replace("ONE", one)})
        previous = build(folder, previous=previous)
        found.append(_answers(previous.policy_set))
        anew.append(_answers(build(folder).policy_set))

    assert found == anew
    assert len(set(found)) == 3


def _answers(policy_set: PolicySet | None) -> tuple[str, ...]:
    """What is answered where a list has 1, and where it has true."""
    assert policy_set is not None
    requests = [Request(input="x", attributes={"groups": [item]}) for item in (1, True)]
    return tuple(repr(decide(policy_set, request).plan.answer) for request in requests)
