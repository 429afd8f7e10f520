"""`policy-engine validate`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]

MISSPELT = (
    "policies/policy.yaml:25:19: error[PE301] unknown tier `fsat`\n"
    "   |\n"
    "25 |     then: {route: fsat, params: {max_tokens: 100}}\n"
    "   |                   ^^^^ help: did you mean `fast`?\n"
)


def test_clean_policies_end_with_zero(folder: Path, run: Run) -> None:
    """Nothing is printed but what was looked at, and that not as data."""
    result = run("validate", "policies")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "0 errors, 0 warnings in 1 file, 4 rules\n"


def test_quiet_says_nothing_of_clean_policies(folder: Path, run: Run) -> None:
    """With `--quiet` the exit code says it all."""
    result = run("validate", "policies", "--quiet")

    assert (result.exit_code, result.output) == (0, "")


def test_an_error_is_shown_at_its_place_and_ends_with_one(break_policy: Callable[[], None], run: Run) -> None:
    """The author sees where it is and what to write instead."""
    break_policy()

    result = run("validate", "policies")

    assert result.exit_code == 1
    assert result.stdout.startswith(MISSPELT)
    assert result.stderr == "\n1 error, 0 warnings in 1 file, 4 rules\n"


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1)])
def test_warnings_fail_only_where_asked(folder: Path, run: Run, fail_on: str, code: int) -> None:
    """`--fail-on warning` makes warnings count."""
    path = folder / "policies" / "policy.yaml"
    path.write_text(path.read_text().replace("    then: {tags", "    expires: 2020-01-01\n    then: {tags"))

    result = run("validate", "policies", "--fail-on", fail_on)

    assert "1 warning" in result.stderr
    assert result.exit_code == code


def test_a_folder_that_is_not_there_ends_with_three(folder: Path, run: Run) -> None:
    """Others are validated all the same."""
    result = run("validate", "nowhere", "policies")

    assert result.exit_code == 3
    assert result.stdout == ""
    assert result.stderr == (
        "error: no policy folder at `nowhere`; create one with `policy-engine init nowhere`\n"
        "0 errors, 0 warnings in 1 file, 4 rules\n"
    )


def test_several_folders_make_one_report(break_policy: Callable[[], None], folder: Path, run: Run) -> None:
    """Findings and sums of all folders stand together; a revision belongs to one bundle only."""
    (folder / "more").mkdir()
    (folder / "more" / "a.yaml").write_text("rules: [\n")
    break_policy()

    result = run("validate", "policies", "more", "--format", "json")

    written = json.loads(result.stdout)
    assert {one["path"] for one in written["diagnostics"]} == {"policies/policy.yaml", "more/a.yaml"}
    assert (written["summary"]["files"], written["summary"]["revision"]) == (2, None)
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("json", '{\n  "diagnostics": [\n'),
        ("jsonl", '{"code": "PE301", '),
        (
            "github",
            "::error file=policies/policy.yaml,line=25,col=19,endLine=25,endColumn=23,title=PE301 unknown-tier::",
        ),
        ("sarif", '{\n  "$schema": "https://json.schemastore.org/sarif-2.1.0.json",\n'),
    ],
)
def test_formats_for_programs_are_pure_data(break_policy: Callable[[], None], run: Run, form: str, start: str) -> None:
    """Standard output has the format and nothing else, standard error nothing."""
    break_policy()

    result = run("validate", "policies", "--format", form)

    assert result.stdout.startswith(start)
    assert (result.stderr, result.exit_code) == ("", 1)


def test_check_env_finds_keys_that_are_not_set(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the option policies are valid without keys; with it, they must be there."""
    monkeypatch.delenv("PE_TEST_KEY", raising=False)

    assert run("validate", "policies").exit_code == 0
    result = run("validate", "policies", "--check-env")

    assert result.exit_code == 1
    assert result.stdout == (
        "policies/policy.yaml:9:36: error[PE390] environment variable `PE_TEST_KEY` is not set\n"
        "  |\n"
        '9 |   openai: {kind: openai, api_key: "${PE_TEST_KEY}"}\n'
        "  |                                    ^^^^^^^^^^^^^^ help: set it before serving: export PE_TEST_KEY=…\n"
    )
    monkeypatch.setenv("PE_TEST_KEY", "secret")
    assert run("validate", "policies", "--check-env").exit_code == 0


def test_an_environment_is_validated_with_its_overlay(folder: Path, run: Run) -> None:
    """`--env` takes what `overlays/NAME/` says; a name that cannot be one is wrong usage."""
    (folder / "policies" / "overlays" / "staging").mkdir(parents=True)
    (folder / "policies" / "overlays" / "staging" / "a.yaml").write_text(
        "version: 1\ntiers: [{name: fast, models: [nix]}]\n"
    )

    assert run("validate", "policies").exit_code == 0
    assert "unknown model `nix`" in run("validate", "policies", "--env", "staging").stdout
    assert run("validate", "policies", "--env", "a/b").exit_code == 2
