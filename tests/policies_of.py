"""Bundles for tests, from text: written to a folder and built as the command line would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.diagnostics import Diagnostic
from policy_engine.pipeline import BuildResult, build
from tests.classifier_file import empty_classifier

CASES = Path(__file__).parent / "cases"
TOPIC = empty_classifier("billing", "coding")


def cases_in(folder: str) -> dict[str, dict[str, Any]]:
    """The cases of every file in a folder of `tests/cases`, by file and sentence."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((CASES / folder).glob("*.yaml")):
        for case in yaml.safe_load(file.read_text(encoding="utf-8")):
            name = f"{file.stem}: {case['it']}"
            assert name not in found
            found[name] = case
    return found


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, filled with what all cases take for granted and with these files."""
    given = {"base.yaml": (CASES / "base.yaml").read_text(encoding="utf-8"), "topic.json": TOPIC, **files}
    for name, text in given.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def built(folder: Path, files: Mapping[str, str], env: str | None = None) -> BuildResult:
    """What a folder with these files comes to."""
    return build(written(folder, files), env=env)


def policies(folder: Path, files: Mapping[str, str] | str, env: str | None = None) -> PolicySet:
    """The policy set of a folder with these files (or this one file), which must have no errors."""
    given = {"case.yaml": files} if isinstance(files, str) else files
    result = built(folder, given, env)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


def errors(folder: Path, text: str) -> tuple[Diagnostic, ...]:
    """The errors of a bundle with this file."""
    return built(folder, {"case.yaml": text}).report.errors
