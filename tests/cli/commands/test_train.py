"""Tests of `policy-engine train`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policy_engine import Engine, Request
from policy_engine.cli.program import program
from policy_engine.model.classifier import read_classifier
from tests.advisor.training.labelled import LABELS, examples
from tests.classifier_file import empty_classifier

POLICY = """
version: 1
providers: {p: {kind: fake, reply: "A long enough answer."}}
models:
  small: {provider: p, model: s, price: {input: 1, output: 1}}
  large: {provider: p, model: l, price: {input: 9, output: 9}}
tiers: [{name: fast, models: [small]}, {name: slow, models: [large]}]
classifiers:
  topic: {file: made/topic.json, labels: [billing, delivery, returns]}
rules:
  - name: money
    when: {classifier: {topic: {label: billing, score: {gte: 0.5}}}}
    then: {route: large}
default: {route: small}
"""


def folder_of(tmp_path: Path, policy: str = POLICY) -> Path:
    """A folder with a policy, whose classifier is still to be made."""
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "policy.yaml").write_text(policy, encoding="utf-8")
    return folder


def labels_of(tmp_path: Path, *more: Mapping[str, Any]) -> str:
    """A file of labelled lines."""
    lines = [{"text": one.text, "label": one.label} for one in examples(60, noise=0.0)]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *more]), encoding="utf-8")
    return str(path)


def run(*arguments: str | Path) -> Result:
    """What the command prints and ends with."""
    return CliRunner().invoke(program, ["train", *map(str, arguments)])


def test_it_makes_a_file_that_rules_decide_by(tmp_path: Path) -> None:
    """After training, a dry run knows the classifier's label without being told."""
    folder = folder_of(tmp_path)

    result = run(folder, "--labels", labels_of(tmp_path))

    assert result.exit_code == 0, result.output
    classifier = read_classifier((folder / "made" / "topic.json").read_bytes())
    assert (classifier.labels, classifier.texts) == (LABELS, 60)
    decided = CliRunner().invoke(
        program, ["dry-run", str(folder), "--input", "refund my payment, I was charged", "--format", "json"]
    )
    assert json.loads(decided.stdout)["rule"] == "money"


def test_it_says_how_good_the_classifier_is(tmp_path: Path) -> None:
    """Accuracy, calibration, each label by itself, and where the file is."""
    said = run(folder_of(tmp_path), "--labels", labels_of(tmp_path)).stdout.splitlines()

    assert said[0] == "examples     60, each judged by a classifier that had not seen it"
    assert said[1].startswith("accuracy     ")
    assert said[1].endswith("; always the commonest label: 33.3 %")
    assert said[2].startswith("calibration  scores are off by 0.")
    assert said[4].split() == ["label", "examples", "precision", "recall"]
    assert [line.split()[:2] for line in said[5:8]] == [[label, "20"] for label in LABELS]
    assert said[-1].startswith("written to made/topic.json (0.")


def test_as_json_it_is_what_the_file_says(tmp_path: Path) -> None:
    """The same figures, for programs."""
    folder = folder_of(tmp_path)

    told = json.loads(run(folder, "--labels", labels_of(tmp_path), "--format", "json").stdout)

    classifier = read_classifier((folder / "made" / "topic.json").read_bytes())
    assert told == {
        "file": "made/topic.json",
        "labels": list(LABELS),
        "embedder": None,
        "date": classifier.date,
        "trained_on": classifier.trained_on,
        "left_out": 0,
        "scarce": {},
        **classifier.metrics,
    }


def test_with_outcomes_it_says_what_routing_by_it_is_worth(tmp_path: Path) -> None:
    """Beside the length of the prompt, a table by task, and chance."""
    policy = POLICY.replace("[billing, delivery, returns]", "[fast, slow]").replace("label: billing", "label: slow")
    path = tmp_path / "outcomes.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for one in examples(90, noise=0.0):
            hard = one.label == "returns"
            outcomes = {"small": {"score": 0 if hard else 1, "cost_usd": 1}, "large": {"score": 1, "cost_usd": 9}}
            file.write(json.dumps({"input": one.text, "task": one.label, "outcomes": outcomes}) + "\n")

    said = run(folder_of(tmp_path, policy), "--labels", path).stdout.splitlines()

    table = said[said.index("") + 5 :]
    rows = {line.rsplit("  ", 3)[0].strip(): line.rsplit("  ", 3)[-3:] for line in table if "%" in line}
    assert set(rows) == {"small or large, by", "this classifier", "prompt length", "table by task", "chance"}
    apgr = {name: float(row[0]) for name, row in rows.items() if name != "small or large, by"}
    assert apgr["this classifier"] > 0.75
    assert apgr["table by task"] == pytest.approx(0.833, abs=0.01)
    assert apgr["chance"] == 0.5


CASCADE = """
version: 1
providers: {echo: {kind: fake}}
models:
  small: {provider: echo, model: s, price: {input: 1, output: 1}}
  large: {provider: echo, model: l, price: {input: 9, output: 9}}
tiers: [{name: fast, models: [small]}, {name: slow, models: [large]}]
classifiers:
  topic: {file: made/topic.json, labels: [fast, slow]}
cascades:
  try:
    steps:
      - {route: fast, accept: {output: {contains: [parcel, late, tracking, courier, address, shipped]}}}
      - {route: slow}
    limits: {escalations: 1}
rules:
  - {name: kept, then: {log: full}}
  - {name: all, then: {cascade: try}}
default: {route: slow}
"""


def test_a_ledger_teaches_what_gates_accepted(tmp_path: Path) -> None:
    """A request that was escalated is an example of the tier that was accepted; no labels are needed besides."""
    folder = folder_of(tmp_path, CASCADE)
    (folder / "made").mkdir()
    (folder / "made" / "topic.json").write_text(empty_classifier("fast", "slow"), encoding="utf-8")
    ledger = str(tmp_path / "ledger.db")
    with Engine.open(folder, watch=False, ledger=ledger) as engine:
        for one in examples(60):
            engine.complete(Request(input=one.text))

    result = run(folder, "--ledger", ledger)

    assert result.exit_code == 0, result.output
    assert result.stderr == "the ledger teaches 60 examples, 40 of them misroutes\n"
    classifier = read_classifier((folder / "made" / "topic.json").read_bytes())
    assert [one["examples"] for one in classifier.metrics["labels"]] == [20, 40]
    assert classifier.metrics["accuracy"] > 0.9


def test_a_ledger_without_messages_teaches_nothing_and_says_why(tmp_path: Path) -> None:
    """By default no message is kept, and that is what is told."""
    folder = folder_of(tmp_path, CASCADE.replace("{log: full}", "{log: none}"))
    (folder / "made").mkdir()
    (folder / "made" / "topic.json").write_text(empty_classifier("fast", "slow"), encoding="utf-8")
    ledger = str(tmp_path / "ledger.db")
    with Engine.open(folder, watch=False, ledger=ledger) as engine:
        engine.complete(Request(input="where is my parcel"))

    result = run(folder, "--ledger", ledger)

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "the ledger teaches 0 examples, 0 of them misroutes; left out: 1 request whose message was not kept "
        "(`log: full` keeps it)",
        "error: 0 different examples are too few; at least 20 are needed",
    ]


@pytest.mark.parametrize("content", ["{}", '{"format": 9}', '{"format": 1, "labels": ["a"'])
def test_a_broken_file_is_made_anew(content: str, tmp_path: Path) -> None:
    """What is wrong with the very file that is to be made does not keep it from being made."""
    folder = folder_of(tmp_path)
    (folder / "made").mkdir()
    (folder / "made" / "topic.json").write_text(content, encoding="utf-8")

    assert run(folder, "--labels", labels_of(tmp_path)).exit_code == 0
    assert CliRunner().invoke(program, ["validate", str(folder)]).exit_code == 0


def test_policies_with_other_errors_are_told_and_nothing_is_made(tmp_path: Path) -> None:
    """It ends with 3."""
    folder = folder_of(tmp_path, POLICY.replace("{route: large}", "{route: larg}"))

    result = run(folder, "--labels", labels_of(tmp_path))

    assert result.exit_code == 3
    assert "PE301" in result.stderr
    assert not (folder / "made").exists()


def test_a_bad_line_is_told_by_file_and_number(tmp_path: Path) -> None:
    """A label that is not declared is a mistake, and nothing is made."""
    folder = folder_of(tmp_path)
    labels = labels_of(tmp_path, {"text": "x", "label": "biling"})

    result = run(folder, "--labels", labels)

    assert result.exit_code == 1
    assert result.stderr == (
        f"error: {labels}: line 61: label `biling` is none of the classifier's; did you mean `billing`?\n"
    )
    assert not (folder / "made").exists()


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ((), 2, "give --labels FILE, --ledger URL, or both"),
        (("--classifier", "other"), 2, "there is no classifier `other`; there are: `topic`"),
        (("--ledger", "/nowhere/ledger.db"), 1, "no ledger at `/nowhere/ledger.db`"),
        (
            ("--embedder", "p/model"),
            1,
            "embedder `p/model` is a provider's; a classifier reads vectors that are made on",
        ),
    ],
)
def test_what_cannot_be_done_is_told(more: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    """Wrong usage ends with 2, what is not there with 1."""
    labels = ("--labels", labels_of(tmp_path)) if more and more[0] != "--ledger" else ()

    result = run(folder_of(tmp_path), *labels, *more)

    assert result.exit_code == code
    assert said in result.stderr


def test_policies_without_a_classifier_are_told_how_to_declare_one(tmp_path: Path) -> None:
    """There is no file to write then."""
    start, _, rest = POLICY.partition("classifiers:")
    folder = folder_of(tmp_path, start + "default" + rest.partition("default")[2])

    result = run(folder, "--labels", labels_of(tmp_path))

    assert result.exit_code == 1
    assert result.stderr.startswith("error: the policies declare no classifier; write `classifiers:")
