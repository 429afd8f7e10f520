"""`policy-engine diff`."""

import json
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result

from policy_engine.ledger.writer import Writer
from policy_engine.model.schemas import read_schema
from tests.cli.conftest import POLICY
from tests.ledger.entries import AT_S, entry, facts

Run = Callable[..., Result]


@pytest.fixture
def changed(folder: Path) -> Path:
    """The current folder with `new/`, in which `short` goes up to 40 characters."""
    (folder / "new").mkdir()
    text = POLICY.replace("{lte: 20}", "{lte: 40}")
    (folder / "new" / "policy.yaml").write_text(text, encoding="utf-8")
    return folder


def test_equal_versions_do_not_differ(folder: Path, run: Run) -> None:
    """Without traffic there is one line to say so; with it, that nothing moves."""
    alone = run("diff", "policies", "policies")
    tried = run("diff", "policies", "policies", "--requests", "requests.jsonl", "--fail-above-moved", "0%")

    assert (alone.exit_code, alone.stdout, alone.stderr) == (0, "no differences\n", "")
    assert (tried.exit_code, tried.stderr) == (0, "")
    assert tried.stdout == (
        "none of 4 requests is decided differently\n"
        "estimated $0.005424 → $0.005424 for the first calls\n"
        "\n"
        "no differences between the policies themselves\n"
    )


def test_a_change_is_shown_by_traffic_and_by_a_witness(changed: Path, run: Run) -> None:
    """How many move, what it costs and how sure that is, why, where to, and each rule that differs."""
    result = run("diff", "policies", "new", "--requests", "requests.jsonl")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "1 of 4 requests (25.0%) is decided differently\n"
        "estimated $0.005424 → $0.000414 for the first calls: -$0.005010, 95% of samples between -$0.015030 and $0\n"
        "\n"
        "cause                                             requests   est. cost  such as\n"
        "short: message.chars <= 20 → message.chars <= 40         1  -$0.005010  r3\n"
        "\n"
        "from      to    requests\n"
        "frontier  fast         1\n"
        "\n"
        "rules\n"
        "  ~ short changed\n"
        "      when: message.chars <= 20 → message.chars <= 40\n"
        '      shown by {"task": "faq", "input": "something word word word word word word."}\n'
        "               route big → route mini\n"
    )


def test_json_has_the_shape_of_the_schema(changed: Path, run: Run) -> None:
    """The witness is a request."""
    result = run("diff", "policies", "new", "--requests", "requests.jsonl", "--format", "json", "--jobs", "2")

    written = json.loads(result.stdout)
    jsonschema.validate(written, read_schema("diff"))
    assert (written["old"]["place"], written["traffic"]["moved"]) == ("policies", 1)
    assert written["changes"][0]["witness"]["new"] == "route mini"


def test_markdown_is_a_comment_for_a_pull_request(changed: Path, run: Run) -> None:
    """A headline, tables, and the rules with their witnesses."""
    result = run("diff", "policies", "new", "--requests", "requests.jsonl", "--format", "markdown")

    assert result.stdout.startswith("### Policies: 1 of 4 requests (25.0%) is decided differently\n\n- estimated ")
    assert "| short: message.chars &lt;= 20 → message.chars &lt;= 40 | 1 | -$0.005010 | r3 |" in result.stdout
    assert "- `short` **changed**\n  - `when: message.chars <= 20 → message.chars <= 40`\n" in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--fail-above-moved", "25%"), 0, ""),
        (("--fail-above-moved", "24%"), 1, "error: 25.0% of requests are decided differently, more than 24.0%\n"),
        (("--fail-above-cost", "$0"), 0, ""),
        (("--fail-above-moved", "5"), 2, "`5`"),
        (("--ledger", "x"), 2, "give --requests or --ledger, not both"),
    ],
)
def test_thresholds_end_it_with_1(options: tuple[str, ...], code: int, said: str, changed: Path, run: Run) -> None:
    """A share is passed by more than it; money by a rise alone."""
    result = run("diff", "policies", "new", "--requests", "requests.jsonl", *options)

    assert (result.exit_code, said in result.stderr) == (code, True)


def test_a_rise_above_a_threshold_ends_it_with_1(changed: Path, run: Run) -> None:
    """Back from the cheaper version to the dearer."""
    result = run("diff", "new", "policies", "--requests", "requests.jsonl", "--fail-above-cost", "$0.005")

    assert (result.exit_code, result.stderr) == (1, "error: the estimate rises by $0.0050, more than $0.0050\n")


def test_lines_that_are_no_requests_are_told(changed: Path, run: Run) -> None:
    """They end it with 1 and hinder no other."""
    (changed / "bad.jsonl").write_text('{"task": "faq"}\n{"tusk": 1}\n', encoding="utf-8")

    result = run("diff", "policies", "new", "--requests", "bad.jsonl")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: bad.jsonl:2: unknown field `tusk` in a request")


def test_a_version_may_be_a_revision_of_git(changed: Path, run: Run) -> None:
    """What was committed is compared with what is there; what git does not know is said."""
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com"]
    for command in (["init", "-q"], ["add", "policies"], ["commit", "-q", "-m", "m"]):
        subprocess.run([*git, *command], check=True)
    (changed / "policies" / "policy.yaml").write_bytes((changed / "new" / "policy.yaml").read_bytes())

    known = run("diff", "git:HEAD:policies", "policies", "--format", "json")
    unknown = run("diff", "git:v9:policies", "policies")
    malformed = run("diff", "git:policies", "policies")

    assert [change["rule"] for change in json.loads(known.stdout)["changes"]] == ["short"]
    assert (unknown.exit_code, "git has no `policies` at `v9`" in unknown.stderr) == (3, True)
    assert (malformed.exit_code, "is not of the form git:REVISION:FOLDER" in malformed.stderr) == (3, True)


def test_a_link_in_a_revision_leads_nowhere_else(changed: Path, run: Run) -> None:
    """A link to a file of the folder is followed; one that leads out of it is refused."""
    git = ["git", "-c", "user.name=n", "-c", "user.email=e@example.com"]
    inside, outside = changed / "policies" / "b.yaml", changed / "policies" / "c.yaml"
    (changed / "policies" / "b.txt").write_text("version: 1\n", encoding="utf-8")
    inside.symlink_to("b.txt")
    for command in (["init", "-q"], ["add", "policies"], ["commit", "-q", "-m", "m"]):
        subprocess.run([*git, *command], check=True)
    outside.symlink_to("../new/policy.yaml")
    for command in (["add", "policies"], ["commit", "-q", "-m", "m"]):
        subprocess.run([*git, *command], check=True)
    outside.unlink()

    followed = run("diff", "git:HEAD~1:policies", "policies", "--format", "json")
    refused = run("diff", "git:HEAD:policies", "policies")

    assert followed.exit_code != 3, followed.stderr
    assert (refused.exit_code, "`c.yaml` in `git:HEAD:policies` is a link that leads" in refused.stderr) == (3, True)


def test_a_ledger_is_traffic(changed: Path, run: Run) -> None:
    """Records whose text was kept are decided again; the others are left out, and told."""
    with closing(Writer("ledger.db", clock=lambda: AT_S)) as writer:
        kept = (
            ("e1", "not so short a text", "full"),
            ("e2", "a text of 30 characters or so.", "full"),
            ("e3", "hidden", None),
        )
        for name, text, log in kept:
            sent = facts(id=name, task="faq", input=text, attributes={}, session=None)
            writer.record(entry(name, log=log, facts=sent))

    result = run("diff", "policies", "new", "--ledger", "sqlite:///ledger.db")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("1 of 2 requests (50.0%) is decided differently\n")
    assert "1 record left out: no text of it was kept, and the policies read texts\n" in result.stdout
    assert "  e2\n" in result.stdout
    assert run("diff", "policies", "new", "--ledger", "nowhere.db").exit_code == 3


def test_rows_of_all_requests_go_to_a_file(changed: Path, run: Run) -> None:
    """What is printed stays the same."""
    plain = run("diff", "policies", "new", "--requests", "requests.jsonl")
    result = run("diff", "policies", "new", "--requests", "requests.jsonl", "--out", "out.jsonl", "--jobs", "2")

    rows = [json.loads(line) for line in (changed / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (result.exit_code, result.stdout) == (0, plain.stdout)
    assert result.stderr == "4 rows in `out.jsonl`\n"
    assert [(row["id"], row["moved"]) for row in rows if row["moved"]] == [("r3", True)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--requests", "-", "--out", "o.jsonl"), "--out needs a file of requests, which is not standard input"),
        (("--out", "o.jsonl"), "--out needs a file of requests"),
        (("--requests", "requests.jsonl", "--resume"), "--resume needs --out"),
    ],
)
def test_rows_need_a_file_of_requests(options: tuple[str, ...], said: str, changed: Path, run: Run) -> None:
    """Anything else is wrong usage."""
    result = run("diff", "policies", "new", *options)

    assert (result.exit_code, said in result.stderr) == (2, True)
