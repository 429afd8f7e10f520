"""A stranger's first five minutes: a starter bundle that validates and decides as it is."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.pages import is_as_shown, run


def test_a_starter_is_written_validated_and_tried(tmp_path: Path) -> None:
    """`init`, `validate` and `dry-run` follow each other without a word from the user, and without a key."""
    written = run("policy-engine init shop", tmp_path)
    validated = run("policy-engine validate shop", tmp_path)
    tried = run("policy-engine dry-run shop --requests shop/requests.jsonl --format jsonl -q", tmp_path)

    assert (written.returncode, validated.returncode, tried.returncode) == (0, 0, 0)
    assert {path.name for path in (tmp_path / "shop").iterdir()} == {
        "policy.yaml",
        "policy_test.yaml",
        "requests.jsonl",
    }
    assert is_as_shown(validated.stdout, ["0 errors, 0 warnings in 1 file, 5 rules"])
    decisions = [json.loads(line) for line in tried.stdout.splitlines()]
    assert [decision["id"] for decision in decisions] == [f"r{number:02}" for number in range(1, 13)]
    assert {decision["effect"] for decision in decisions} == {"respond", "route"}


def test_the_commands_that_init_names_work(tmp_path: Path) -> None:
    """What `init` tells to do next can be typed as it stands."""
    said = run("policy-engine init shop", tmp_path).stdout
    commands = [line.strip() for line in said.splitlines() if line.startswith("  policy-engine ")]

    assert len(commands) == 3
    assert [run(command, tmp_path).returncode for command in commands] == [0, 0, 0]


def test_a_second_init_leaves_the_first_alone(tmp_path: Path) -> None:
    """Starting again in the same folder changes nothing and says so."""
    run("policy-engine init shop", tmp_path)
    (tmp_path / "shop" / "policy.yaml").write_text("mine", encoding="utf-8")

    again = run("policy-engine init shop", tmp_path)

    assert again.returncode == 1
    assert "`shop/policy.yaml` exists already and is not overwritten" in again.stdout
    assert (tmp_path / "shop" / "policy.yaml").read_text(encoding="utf-8") == "mine"


def test_without_policies_the_way_to_some_is_shown(tmp_path: Path) -> None:
    """A folder that is not there ends with 3 and names the command that makes one."""
    missing = run("policy-engine validate nowhere", tmp_path)

    assert missing.returncode == 3
    assert is_as_shown(
        missing.stdout, ["error: no policy folder at `nowhere`; create one with `policy-engine init nowhere`"]
    )
