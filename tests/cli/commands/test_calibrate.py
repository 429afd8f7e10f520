"""Tests of `policy-engine calibrate`, `cache` and `embedder`."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policy_engine import Engine, Request, build
from policy_engine.cli.program import program
from policy_engine.model.calibration import read_calibration
from tests.signals.embedders import tiny_bert

POLICY = """\
version: 1
providers: {p: {kind: fake, reply: hello}}
models: {m: {provider: p, model: m, price: {input: 1, output: 1}}}
caches:
  support: {kind: semantic, embedder: hashed, max_wrong_hit_rate: 5%}
  exact: {kind: exact}
rules:
  - {name: remember, then: {remember: exact, tags: [greeting]}}
  - {name: before, when: {cache: {exact: {hit: true}}}, then: {respond: {cache: exact}}}
default: {route: m}
"""


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLICY_ENGINE_EMBEDDERS", str(tmp_path / "models"))
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yaml").write_text(POLICY)
    return tmp_path / "policies"


def run(*arguments: str) -> Result:
    """What the program does."""
    return CliRunner().invoke(program, arguments)


def questions(count: int, *, mixed: float) -> Sequence[dict[str, Any]]:
    """Questions that repeat nearly word for word; a share of them has a label of its own."""
    chance = random.Random(1)
    words = ["order", "parcel", "invoice", "refund", "password", "address", "delivery", "voucher", "contract", "claim"]
    lines = []
    for number in range(count):
        topic = chance.randrange(200)
        text = f"question {words[topic % 10]} about {words[topic // 10 % 10]} {'x' * (topic // 100)} please"
        text += chance.choice(["", "?", " now", " thanks", "!"])
        lines.append({"text": text, "label": f"own {number}" if chance.random() < mixed else str(topic)})
    return lines


def write(path: Path, lines: Sequence[object]) -> str:
    """A file of JSON Lines, and its path."""
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return str(path)


def test_a_threshold_is_found_written_and_used(policies: Path, tmp_path: Path) -> None:
    """The file holds threshold and evidence, and once the policy names it the cache has that threshold."""
    labels = write(tmp_path / "labels.jsonl", questions(3_200, mixed=0.005))

    done = run("calibrate", "policies", "--cache", "support", "--labels", labels)

    assert done.exit_code == 0, done.output
    written = read_calibration((policies / "caches" / "support.json").read_bytes())
    assert (written.embedder, written.max_wrong_hit_rate, written.pairs) == ("hashed/1", 0.05, 3_199)
    assert written.wrong_rate_bound <= 0.05
    (policies / "policy.yaml").write_text(POLICY.replace("5%}", "5%, calibration: caches/support.json}"))
    result = build(policies)
    assert result.policy_set is not None
    assert [finding.code for finding in result.report.diagnostics] == []
    assert result.policy_set.layout.cache_thresholds["support"] == written.threshold


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (questions(500, mixed=0), "about 2,501 more labels are needed"),
        (questions(3_200, mixed=0.5), "more labels will not change that"),
        ([{"a": "x", "b": "x", "same": True}], "about 2,999 more labels are needed"),
    ],
)
def test_what_cannot_be_told_is_refused(policies: Path, tmp_path: Path, lines: Sequence[object], said: str) -> None:
    """Without evidence enough it ends with 1, says what is missing and writes nothing."""
    done = run("calibrate", "policies", "--cache", "support", "--labels", write(tmp_path / "l.jsonl", lines))

    assert (done.exit_code, said in done.output) == (1, True), done.output
    assert not (policies / "caches").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 1 is no JSON"),
        ("[]", 'line 1 is neither {"text": …, "label": …} nor'),
        ('{"text": "a", "label": "b"}\n{"a": "x", "b": "y", "same": false}', "are mixed"),
        ("[" * 100_000, "line 1 is no JSON"),
    ],
)
def test_labels_that_are_none_are_told(policies: Path, tmp_path: Path, line: str, said: str) -> None:
    """A line that is no label is named."""
    (tmp_path / "l.jsonl").write_text(line)
    done = run("calibrate", "policies", "--cache", "support", "--labels", str(tmp_path / "l.jsonl"))

    assert (done.exit_code, said in done.output) == (1, True), done.output


def test_a_broken_calibration_can_be_made_anew(policies: Path, tmp_path: Path) -> None:
    """A calibration that is missing or cut off does not keep the command from writing a whole one."""
    (policies / "policy.yaml").write_text(POLICY.replace("5%}", "5%, calibration: c.json}"))
    labels = write(tmp_path / "labels.jsonl", questions(3_200, mixed=0.005))

    for content in (None, "{"):
        if content is not None:
            (policies / "c.json").write_text(content)
        assert run("calibrate", "policies", "--cache", "support", "--labels", labels).exit_code == 0
        assert read_calibration((policies / "c.json").read_bytes()).pairs == 3_199


def test_what_is_not_given_is_wrong_usage(policies: Path) -> None:
    """A cache that is not there or not semantic, and no labels at all, end with 2."""
    for arguments in (
        ("--cache", "nobody", "--state", "s.db"),
        ("--cache", "exact", "--state", "s.db"),
        ("--cache", "support"),
    ):
        assert run("calibrate", "policies", *arguments).exit_code == 2


def test_entries_are_shown_and_removed_after_a_look(policies: Path) -> None:
    """Without --yes nothing goes; with it the entries of a cache, tag or revision do, and serving goes on without."""
    with Engine.open(policies, watch=False, state="s.db") as engine:
        revision = engine.status().revision
        for text in ("hello", "good morning"):
            engine.complete(Request(input=text))
        look = run("cache", "policies", "--state", "s.db", "--tag", "greeting", "--remove")
        nothing = run("cache", "policies", "--state", "s.db", "--revision", "sha256:0000000000", "--remove", "--yes")
        removed = run(
            "cache", "policies", "--state", "s.db", "--revision", revision, "--remove", "--yes", "--format", "json"
        )
        after = run("cache", "policies", "--state", "s.db", "--cache", "exact")

    assert "2 entries would be removed" in look.output
    assert "0 entries removed" in nothing.output
    assert [row["matching"] for row in json.loads(removed.stdout)["caches"]] == [0, 2]
    assert "exact: 0 entries" in after.output
    assert run("cache", "policies", "--state", "s.db", "--remove").exit_code == 2
    assert run("cache", "policies").exit_code == 2


def test_embedders_are_added_and_listed(policies: Path, tmp_path: Path) -> None:
    """Weights in a folder become an embedder by name; what cannot be converted ends with 1."""
    tiny_bert.write(tmp_path / "weights")

    added = run("embedder", "add", "weights", "--name", "tiny")
    listed = run("embedder", "list")
    failed = run("embedder", "add", "nothing-here", "--name", "tiny")

    assert "added embedder `tiny` from weights" in added.output
    assert [line.partition(":")[0] for line in listed.stdout.splitlines()] == ["hashed", "tiny"]
    assert (failed.exit_code, "there is neither such a package nor such a folder" in failed.output) == (1, True)
