"""Tests of the starter bundle and of writing it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from policy_engine.authoring.init import STARTER_FILES, init
from policy_engine.model.request import read_request


def test_writes_the_starter_into_an_absent_folder(tmp_path: Path) -> None:
    """An absent folder is made, with its parents, and the files written are given back."""
    folder = tmp_path / "new" / "policies"

    written = init(folder)

    assert written == tuple(folder / name for name in ("policy.yaml", "policy_test.yaml", "requests.jsonl"))
    assert sorted(folder.iterdir()) == sorted(written)


def test_writes_the_starter_into_an_empty_folder(tmp_path: Path) -> None:
    """A folder that is there and empty is filled."""
    assert init(tmp_path) == tuple(tmp_path / name for name in STARTER_FILES)


def test_leaves_other_files_alone(tmp_path: Path) -> None:
    """A file of another name is no obstacle and stays as it is."""
    (tmp_path / "README.md").write_text("ours", encoding="utf-8")

    init(tmp_path)

    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "ours"


@pytest.mark.parametrize("name", STARTER_FILES)
def test_refuses_to_overwrite(tmp_path: Path, name: str) -> None:
    """If any file of the starter is there already, nothing is written and the error names it."""
    (tmp_path / name).write_text("mine", encoding="utf-8")

    message = (
        f"`{tmp_path / name}` exists already and is not overwritten; "
        "name an absent or empty folder for the starter bundle"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        init(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_refuses_a_dangling_link(tmp_path: Path) -> None:
    """A link that leads nowhere counts as a file, so nothing is written through it."""
    (tmp_path / "policy.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    with pytest.raises(ValueError, match="exists already"):
        init(tmp_path)

    assert not (tmp_path / "elsewhere.yaml").exists()


def test_refuses_a_file(tmp_path: Path) -> None:
    """A path to a file is refused in words that say so."""
    path = tmp_path / "policy"
    path.write_text("mine", encoding="utf-8")

    message = f"cannot write a starter bundle into `{path}`: it is a file, not a folder"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        init(path)


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """What somebody has edited since the first run survives the second."""
    init(tmp_path)
    (tmp_path / "policy.yaml").write_text("edited", encoding="utf-8")

    with pytest.raises(ValueError, match="not overwritten"):
        init(tmp_path)

    assert (tmp_path / "policy.yaml").read_text(encoding="utf-8") == "edited"


def test_the_starter_policy_has_a_rule_of_each_kind(tmp_path: Path) -> None:
    """The policy parses and holds what a beginner should see: tiers, a shortcut, a length rule and a default."""
    policy = yaml.safe_load(init(tmp_path)[0].read_text(encoding="utf-8"))

    assert [tier["name"] for tier in policy["tiers"]] == ["fast", "workhorse", "frontier"]
    assert [rule["name"] for rule in policy["rules"]] == [
        "opening-hours",
        "labels",
        "long-documents",
        "short-questions",
        "free-plan",
    ]
    assert policy["default"] == {"route": "workhorse"}


def test_the_starter_tests_name_rules_of_the_starter(tmp_path: Path) -> None:
    """Every rule, and the default, is expected by some case."""
    policy_file, test_file, _ = init(tmp_path)
    policy = yaml.safe_load(policy_file.read_text(encoding="utf-8"))
    tests = yaml.safe_load(test_file.read_text(encoding="utf-8"))

    expected = {case["expect"]["rule"] for case in tests["cases"] if "rule" in case["expect"]}

    assert len(tests["cases"]) == 6
    assert expected == {"(default)", *(rule["name"] for rule in policy["rules"])}


def test_the_starter_requests_are_requests(tmp_path: Path) -> None:
    """Each of the twelve lines reads as a request, with its own id."""
    lines = init(tmp_path)[2].read_text(encoding="utf-8").splitlines()

    requests = [read_request(json.loads(line)) for line in lines]

    assert [request.id for request in requests] == [f"r{number:02}" for number in range(1, 13)]
