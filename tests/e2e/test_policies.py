"""The shipped policies and the starter pass their own tests, and those tests would notice a change."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.pages import TOP, run


def test_the_shipped_policies_are_tested_to_the_full() -> None:
    """Every rule and every effect is reached, and at least 95 of 100 ways of their conditions."""
    finished = run("policy-engine test policies --coverage --min-coverage 95 --format json -q", TOP)

    proof = json.loads(finished.stdout)
    assert finished.returncode == 0
    assert (proof["summary"]["failed"], proof["summary"]["todo"], proof["summary"]["errors"]) == (0, 0, 0)
    assert (proof["coverage"]["rules"], proof["coverage"]["effects"]) == (100, 100)


def test_a_change_to_the_shipped_policies_is_noticed() -> None:
    """At least nine of ten changes, made one at a time, fail a test."""
    finished = run("policy-engine test policies --mutate --min-mutation 90 --format json -q", TOP)

    mutation = json.loads(finished.stdout)["mutation"]
    assert (finished.returncode, mutation["percent"] >= 90) == (0, True)
    assert mutation["noticed"] + mutation["missed"] > 600


def test_the_starter_passes_its_tests(tmp_path: Path) -> None:
    """What `init` writes is tested, each rule of it."""
    run("policy-engine init shop", tmp_path)

    finished = run("policy-engine test shop --coverage --format json -q", tmp_path)

    proof = json.loads(finished.stdout)
    assert (finished.returncode, proof["summary"]["failed"], proof["coverage"]["rules"]) == (0, 0, 100)
