"""What CI systems are given runs as they would run it: the GitHub action's script and the pre-commit hook."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.pages import TOP, copy_checkout, environment

ACTION = yaml.safe_load((TOP / ".github" / "actions" / "validate" / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
WRONG = 'version: 1\nprovidres: {openai: {kind: openai, api_key: "${KEY}"}}\ndefault: {route: fast}\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with good policies, `policies`, and bad ones, `wrong`; `policy-engine` is on the way to programs."""
    copy_checkout(tmp_path)
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "policy.yaml").write_text(WRONG, encoding="utf-8")
    program = tmp_path / "bin" / "policy-engine"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m policy_engine "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


def run_in(folder: Path, script: str, **given: str) -> subprocess.CompletedProcess[str]:
    """A script of bash, run as GitHub runs it."""
    paths = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**environment(), "PATH": paths, **given},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def step(name: str) -> dict[str, Any]:
    """A step of the action."""
    return next(step for step in ACTION["runs"]["steps"] if step["name"] == name)


def values_of(inputs: dict[str, str]) -> dict[str, str]:
    """The environment of the validating step for these inputs, the others as they are by default."""
    given = {name: inputs.get(name, written["default"]) for name, written in ACTION["inputs"].items()}
    environ = step("validate")["env"]
    return {name: given[text.removeprefix("${{ inputs.").removesuffix(" }}")] for name, text in environ.items()}


def test_good_policies_pass_the_action(checkout: Path) -> None:
    """By default the folder `policies` is checked, and nothing is marked."""
    finished = run_in(checkout, step("validate")["run"], **values_of({}))

    assert (finished.returncode, finished.stdout) == (0, "")


def test_mistakes_are_marked_by_the_action(checkout: Path) -> None:
    """Of several folders each is checked; a mistake fails the job and is an annotation at its line."""
    finished = run_in(checkout, step("validate")["run"], **values_of({"folders": "policies wrong"}))

    assert finished.returncode == 1
    assert finished.stdout.startswith("::error file=wrong/policy.yaml,line=2,col=1,")


def test_an_environment_is_checked_by_the_action(checkout: Path) -> None:
    """Overlays apply where an environment is named."""
    finished = run_in(checkout, step("validate")["run"], **values_of({"env": "staging"}))

    assert (finished.returncode, finished.stdout) == (0, "")


def test_inputs_are_never_run(checkout: Path) -> None:
    """What looks like a command in an input is a name of a folder that is not there."""
    finished = run_in(checkout, step("validate")["run"], **values_of({"folders": "$(touch pwned);touch pwned"}))

    assert finished.returncode == 3
    assert not (checkout / "pwned").exists()


def test_the_hook_runs(checkout: Path) -> None:
    """The pre-commit hook's command passes good policies and fails on bad ones."""
    (hook,) = HOOKS

    passed = run_in(checkout, shlex.join([*shlex.split(hook["entry"]), *hook["args"]]))
    failed = run_in(checkout, shlex.join([*shlex.split(hook["entry"]), "wrong"]))

    assert (passed.returncode, failed.returncode) == (0, 1)
