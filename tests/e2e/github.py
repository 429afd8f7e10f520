"""A runner of GitHub's, as far as the actions in this repository see one: steps, inputs, contexts, and `gh`."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.pages import TOP, environment

ACTIONS: Mapping[str, Any] = {
    file.parent.name: yaml.safe_load(file.read_text(encoding="utf-8"))
    for file in sorted((TOP / ".github" / "actions").glob("*/action.yml"))
}

# GitHub's own program, as far as an action asks for it: what it is asked must be word for word what is known here.
_GH = r"""
import json, os, sys

arguments = sys.argv[1:]
file = os.environ["COMMENTS"]
assert arguments.pop(0) == "api" and os.environ["GH_TOKEN"]
with open(file, encoding="utf-8") as opened:
    comments = json.load(opened)
if "--jq" in arguments:
    paginate, path, jq, query = arguments
    assert (paginate, path, jq) == ("--paginate", "repos/team/shop/issues/7/comments", "--jq")
    assert query == '.[] | select(.user.type == "Bot" and (.body | startswith(env.MARK))) | .id'
    found = [one for one in comments if one["user"]["type"] == "Bot" and one["body"].startswith(os.environ["MARK"])]
    print(*(one["id"] for one in found), sep="\n")
    sys.exit()
if os.environ["GH_TOKEN"] == "reads only":
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
_, method, path, _, field, silent = arguments
assert field.startswith("body=@") and silent == "--silent"
with open(field.removeprefix("body=@"), encoding="utf-8") as opened:
    body = opened.read()
if method == "POST":
    assert path == "repos/team/shop/issues/7/comments"
    comments.append({"id": 100 + len(comments), "user": {"type": "Bot"}, "body": body})
else:
    assert method == "PATCH"
    number = int(path.removeprefix("repos/team/shop/issues/comments/"))
    next(one for one in comments if one["id"] == number)["body"] = body
with open(file, "w", encoding="utf-8") as opened:
    json.dump(comments, opened)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a step ended: its exit code, what it printed, what it handed on to later steps, the job's summary."""

    code: int
    stdout: str
    stderr: str
    outputs: Mapping[str, str]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A checkout in a folder, with programs beside it; `policy-engine` and `gh` are on the way to programs."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Runner:
        """A runner whose checkout is a folder."""
        runner = cls(folder=folder)
        runner._add("policy-engine", "-m", "policy_engine")
        script = folder / ".runner" / "gh.py"
        script.write_text(_GH, encoding="utf-8")
        runner._add("gh", str(script))
        runner.keep_comments([])
        return runner

    def _add(self, name: str, *arguments: str) -> None:
        program = self.folder / ".runner" / "bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *arguments])} "$@"\n', encoding="utf-8")
        program.chmod(0o755)

    @property
    def comments(self) -> list[dict[str, Any]]:
        """The comments on the pull request, oldest first."""
        return list(json.loads((self.folder / ".runner" / "comments.json").read_text(encoding="utf-8")))

    def keep_comments(self, comments: list[dict[str, Any]]) -> None:
        """Sets the comments on the pull request."""
        (self.folder / ".runner" / "comments.json").write_text(json.dumps(comments), encoding="utf-8")

    def run(self, script: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """A script of bash, run as GitHub runs it."""
        paths = f"{self.folder / '.runner' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**environment(), **environ, "PATH": paths},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def step(
        self, action: str, name: str, inputs: Mapping[str, str], context: Mapping[str, str] | None = None
    ) -> Finished:
        """
        A step of an action, run.

        Args:
            action: the action's folder.
            name: the step's.
            inputs: those that a workflow gives; the others are as they are by default.
            context: what else `${{ … }}` can name, such as `github.event.pull_request.number`.
        """
        (step,) = (one for one in ACTIONS[action]["runs"]["steps"] if one["name"] == name)
        declared = ACTIONS[action]["inputs"]
        assert inputs.keys() <= declared.keys()
        known = dict(context or {})
        for key, one in declared.items():
            known[f"inputs.{key}"] = inputs.get(key, _evaluated(one["default"], known))
        own = self.folder / ".runner"
        files = {"GITHUB_STEP_SUMMARY": own / "summary.md", "GITHUB_OUTPUT": own / "output"}
        for file in files.values():
            file.write_text("", encoding="utf-8")
        environ = {
            "RUNNER_TEMP": str(own),
            "GITHUB_REPOSITORY": "team/shop",
            "COMMENTS": str(own / "comments.json"),
            **{key: str(file) for key, file in files.items()},
            **{key: _evaluated(text, known) for key, text in step["env"].items()},
        }
        finished = self.run(step["run"], environ)
        handed_on = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        return Finished(
            code=finished.returncode,
            stdout=finished.stdout,
            stderr=finished.stderr,
            outputs=dict(line.split("=", 1) for line in handed_on),
            summary=files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8"),
        )


def _evaluated(text: str, known: Mapping[str, str]) -> str:
    """What GitHub makes of `${{ a || b }}`: the first that is known and not empty; other text is as it is."""
    expression = re.fullmatch(r"\$\{\{ (.*) \}\}", text)
    if expression is None:
        return text
    return next(filter(None, (known.get(name, "") for name in expression[1].split(" || "))), "")
