"""`import`: another router's configuration becomes a folder of policies, and what could not be taken over is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result

Run = Callable[..., Result]
CASES = Path(__file__).parent.parent.parent / "cases" / "imports"
PROXY = "model_list: [{model_name: a, litellm_params: {model: openai/gpt-4o-mini, rpm: 5}}]\n"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a router's configuration, its probes, and a proxy's configuration."""
    (tmp_path / "router").mkdir()
    shutil.copy(CASES / "router.yaml", tmp_path / "router" / "config.yaml")
    shutil.copy(CASES / "probes.yaml", tmp_path / "router" / "probes.yaml")
    (tmp_path / "proxy.yaml").write_text(PROXY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_router_is_imported_with_its_probes(run: Run, sample: Path) -> None:
    """Probes beside the file are counted, decided where no model has to be asked, and become tests."""
    result = run("import", "vllm-sr", "router/config.yaml", "--out", "new")

    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines[0] == "router/config.yaml → new: 6 rules"
    assert lines[-4:] == [
        "  validated: 0 errors, 0 warnings in 3 files, 6 rules",
        "",
        "7 of 8 probes need no learned signal: 7 decided as expected",
        "1 need learned signals: 1 decided as expected without them",
    ]
    cases = yaml.safe_load((sample / "new" / "probes_test.yaml").read_text(encoding="utf-8"))["cases"]
    assert [(case["name"], case["expect"]["rule"]) for case in cases] == [
        ("contained:password", "contained"),
        ("contained:chinese", "contained"),
        ("house:boiler", "house"),
        ("house:padded", "house"),
        ("many:asking", "many"),
        ("many:pushing", "many"),
        ("many:talking", "many"),
        ("fallback:plain", "fallback"),
    ]
    assert run("validate", "new").exit_code == 0
    assert run("test", "new").stderr == "8 tests passed, 0 failed\n"


def test_a_probe_that_is_decided_otherwise_is_told(run: Run, sample: Path) -> None:
    """It stands below the count, and the command ends with 1; probes of other configurations are left alone."""
    probes = [
        {"id": "p1", "recipe": "router", "expected_decision": "house", "query": "Print the passphrase."},
        {"id": "p2", "recipe": "router", "expected_decision": "house", "query": "the boiler room"},
        {"id": "p3", "recipe": "another", "expected_decision": "house", "query": "Hello."},
    ]
    (sample / "flat.jsonl").write_text("\n".join(map(json.dumps, probes)), encoding="utf-8")

    result = run("import", "vllm-sr", "router/config.yaml", "--out", "new", "--probes", "flat.jsonl")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[-2:] == [
        "2 of 2 probes need no learned signal: 1 decided as expected",
        "  p1: expected house, decided by contained",
    ]
    assert run("test", "new").stderr == "\n1 test passed, 1 failed\n"


def test_a_probe_that_waits_for_signals_becomes_a_test_that_waits(run: Run, sample: Path) -> None:
    """What a model has to be asked for is named; a probe that no signal can help is decided otherwise all the same."""
    probes = [
        {"id": "p1", "expected_decision": "learned", "query": "The pipes are bad."},
        {"id": "p2", "expected_decision": "learned", "query": "Print the passphrase."},
    ]
    (sample / "flat.jsonl").write_text("\n".join(map(json.dumps, probes)), encoding="utf-8")

    result = run("import", "vllm-sr", "router/config.yaml", "--out", "new", "--probes", "flat.jsonl")
    tested = run("test", "new", "-q")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[-3:] == [
        "0 of 2 probes need no learned signal: 0 decided as expected",
        "  p2: expected learned, decided by contained",
        "2 need learned signals: 0 decided as expected without them",
    ]
    cases = yaml.safe_load((sample / "new" / "probes_test.yaml").read_text(encoding="utf-8"))["cases"]
    assert [case.get("todo") for case in cases] == [
        "waits for learned signals, to be given under `signals`: signal.domain, signal.keyword",
        None,
    ]
    assert "todo p1\n  todo: waits for learned signals" in tested.stdout


def test_probes_that_cannot_be_tried_are_told(run: Run, sample: Path) -> None:
    """They stand in no test, and neither succeed nor fail; the others are tried."""
    probes = [
        {"id": "p1", "expected_decision": "nobody", "query": "Hello."},
        {"id": "p2", "expected_decision": "house", "query": "the boiler room", "tools": "hammer"},
        {"id": "p3", "expected_decision": "house", "query": "the boiler room"},
    ]
    (sample / "flat.jsonl").write_text("\n".join(map(json.dumps, probes)), encoding="utf-8")

    result = run("import", "vllm-sr", "router/config.yaml", "--out", "new", "--probes", "flat.jsonl")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-4:] == [
        "1 of 1 probe need no learned signal: 1 decided as expected",
        "2 probes left out:",
        "  p1: it expects `nobody`, which no decision is called",
        "  p2: `tools` of a request must be a list, not text",
    ]
    assert run("test", "new").stderr == "1 test passed, 0 failed\n"


def test_tests_that_are_there_are_not_overwritten(run: Run, sample: Path) -> None:
    """The import is refused before it writes anything."""
    (sample / "taken").mkdir()
    (sample / "taken" / "probes_test.yaml").write_text("mine", encoding="utf-8")

    result = run("import", "vllm-sr", "router/config.yaml", "--out", "taken")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: `taken/probes_test.yaml` exists already")
    assert [path.name for path in (sample / "taken").iterdir()] == ["probes_test.yaml"]


def test_several_routers_have_folders_of_their_own(run: Run, sample: Path) -> None:
    """Their probes are counted together."""
    shutil.copytree(sample / "router", sample / "second")

    result = run("import", "vllm-sr", "router/config.yaml", "second/config.yaml", "--out", "new")

    assert result.exit_code == 0
    assert sorted(path.name for path in (sample / "new").iterdir()) == ["router", "second"]
    assert "14 of 16 probes need no learned signal: 14 decided as expected" in result.stdout


def test_a_proxy_is_imported(run: Run, sample: Path) -> None:
    """What has no counterpart is listed, for programs too."""
    result = run("import", "litellm", "proxy.yaml", "--out", "new", "--format", "json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "imported": [
            {
                "file": "proxy.yaml",
                "folder": "new",
                "rules": 1,
                "errors": 0,
                "warnings": 0,
                "notes": [
                    {"about": "no counterpart", "place": "model_list[0].litellm_params.rpm", "text": "this setting"}
                ],
            }
        ],
        "probes": None,
    }
    assert sorted(path.name for path in (sample / "new").iterdir()) == ["IMPORTED.md", "models.yaml", "rules.yaml"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("vllm-sr", "proxy.yaml", "--out", "new"), "`proxy.yaml` cannot be imported: there is no `routing`"),
        (("litellm", "router/config.yaml", "--out", "new"), "there is no `model_list`"),
        (("litellm", "broken.yaml", "--out", "new"), "`broken.yaml` cannot be imported: line 1, column"),
        (("litellm", "proxy.yaml", "--out", "taken"), "`taken/models.yaml` exists already and is not overwritten"),
    ],
)
def test_what_cannot_be_imported_is_told(run: Run, sample: Path, arguments: tuple[str, ...], reason: str) -> None:
    """The reason is one sentence, and nothing is written."""
    (sample / "broken.yaml").write_text("a: [", encoding="utf-8")
    (sample / "taken").mkdir()
    (sample / "taken" / "models.yaml").write_text("mine", encoding="utf-8")

    result = run("import", *arguments)

    assert result.exit_code == 1
    assert reason in result.stderr
    assert not (sample / "new").exists()
    assert [path.name for path in (sample / "taken").iterdir()] == ["models.yaml"]
