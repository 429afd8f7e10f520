"""What a made-up bundle decides, by the compiled graph and by the reference, side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.evaluator.decide import decide
from policy_engine.model.decision import Decision
from policy_engine.model.facts import Facts
from policy_engine.model.request import read_request
from policy_engine.pipeline import BuildResult, build
from tests.classifier_file import empty_classifier
from tests.property.policies import Files
from tests.property.pools import LABELS
from tests.property.traffic import flat
from tests.reference import Answer, Reference
from tests.reference_facts import GROUP_STAGES

TODAY = date(2026, 11, 23)
ASSET = "complexity.json"
CLASSIFIER = empty_classifier(*LABELS)


@contextmanager
def folder_of(files: Files) -> Iterator[Path]:
    """A folder that holds these files, written in this order, and the classifier that they name."""
    with TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        (folder / ASSET).write_text(CLASSIFIER)
        for path, data in files.items():
            write(folder / path, data)
        yield folder


def write(path: Path, data: Mapping[str, Any]) -> None:
    """Writes a policy file; JSON is YAML."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


def policy_set_of(result: BuildResult) -> PolicySet:
    """The policies of a build that must have no errors."""
    assert result.report.errors == (), [str(one) for one in result.report.errors]
    assert result.policy_set is not None
    return result.policy_set


def built(files: Files) -> PolicySet:
    """The policies of these files."""
    with folder_of(files) as folder:
        return policy_set_of(build(folder, today=TODAY))


@dataclass(frozen=True)
class Compared:
    """One request, decided by the compiled graph (without and with a trace) and by the reference."""

    decision: Decision
    traced: Decision
    expected: Answer

    @property
    def agree(self) -> bool:
        """Whether all three say the same."""
        untraced = {key: value for key, value in self.traced.to_json().items() if key != "trace"}
        return untraced == self.decision.to_json() and seen(self.decision) == self.expected


def compared(policy_set: PolicySet, reference: Reference, request: Mapping[str, Any]) -> Compared:
    """A request decided all three ways."""
    read = read_request(request, attributes=policy_set.declarations.attributes)
    return Compared(decide(policy_set, read), decide(policy_set, read, trace=True), reference.decide(read))


def seen(decision: Decision) -> Answer:
    """A decision as the reference would say it."""
    return Answer(
        rule=decision.rule,
        effect=decision.effect,
        model=decision.model,
        tier=decision.tier,
        tags=decision.tags,
        unknown=decision.unknown,
    )


def learner(signals: dict[str, Any]) -> Callable[[tuple[str, ...], Facts], Mapping[str, Any]]:
    """A `learn` that knows these signals, by section and name, and must be asked for signals only."""
    known = flat(signals)

    def learn(groups: tuple[str, ...], _: Facts) -> Mapping[str, Any]:
        assert [group for group in groups if group.partition(".")[0] not in GROUP_STAGES] == []
        return {group: known[group] for group in groups if group in known}

    return learn
