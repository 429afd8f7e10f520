"""`policy-engine replay`."""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from click.testing import Result

from policy_engine.model.schemas import read_schema
from tests.replay.bundles import CASCADE, line, outcome, policies

Run = Callable[..., Result]
LINES = (
    line("q1", cheap=outcome(1, 0.001, confidence=0.9), dear=outcome(1, 0.01)),
    line("q2", cheap=outcome(0, 0.001, confidence=0.5), dear=outcome(1, 0.01)),
    line("q3", cheap=outcome(0, 0.001, confidence=0.9), dear=outcome(1, 0.01)),
    line("q4", cheap=outcome(1, 0.001), dear=outcome(0, 0.01)),
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: a cascade in `careful/`, a plain route in `plain/`, and `outcomes.jsonl`."""
    policies(tmp_path / "careful", CASCADE)
    policies(tmp_path / "plain", "default: {route: low}\n")
    (tmp_path / "outcomes.jsonl").write_text("\n".join(LINES), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_policy_is_told_beside_its_baselines(here: Path, run: Run) -> None:
    """Scores, costs, escalations, what was unknown, and the measures of its curve."""
    result = run("replay", "careful", "--outcomes", "outcomes.jsonl")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "                         score     cost  per request  escalated  unknown\n"
        "careful                  0.500  $0.0240      $0.0060      50.0%        1\n"
        "best single model: dear  0.750  $0.0400      $0.0100                   0\n"
        "cheapest model: cheap    0.500  $0.0040      $0.0010                   0\n"
        "dearest model: dear      0.750  $0.0400      $0.0100                   0\n"
        "a model at random        0.625  $0.0220      $0.0055                   0\n"
        "oracle                   1.000  $0.0220      $0.0055                   0\n"
        "\n"
        "calls       cheap 4, dear 2\n"
        "decided by  (default) 4\n"
        "curve       APGR 0.250, CPT(20%) 60.0%, CPT(50%) 75.0%, CPT(80%) 90.0% of requests to dear\n"
        "unknown     `cheap`: output.confidence >= 0.85 is unknown 1\n"
    )


def test_json_has_the_shape_of_the_schema(here: Path, run: Run) -> None:
    """The first policy under `policy`, others under `others`."""
    result = run("replay", "careful", "plain", "--outcomes", "outcomes.jsonl", "--format", "json")

    written = json.loads(result.stdout)
    jsonschema.validate(written, read_schema("replay"))
    assert (written["requests"], written["policy"]) == (
        4,
        {
            "score": 0.5,
            "cost_usd": 0.024,
            "calls": {"cheap": 4, "dear": 2},
            "escalation_rate": 0.5,
            "unknown": 1,
            "cache_hits": 0,
        },
    )
    assert written["baselines"]["best_single"] == {"model": "dear", "score": 0.75, "cost_usd": 0.04}
    assert [(other["name"], other["policy"]["calls"]) for other in written["others"]] == [("plain", {"cheap": 4})]


def test_files_may_follow_one_option_or_come_by_standard_input(here: Path, run: Run) -> None:
    """As a shell expands `*.jsonl`; lines that are no cases end it with 1."""
    (here / "more.jsonl").write_text(LINES[0] + "\n{}\n", encoding="utf-8")

    files = run("replay", "careful", "--outcomes", "outcomes.jsonl", "more.jsonl", "--format", "json")
    piped = run("replay", "careful", "--outcomes", "-", "--format", "json", stdin="\n".join(LINES))

    assert (files.exit_code, json.loads(files.stdout)["requests"]) == (1, 5)
    assert files.stderr == (
        "error: more.jsonl:2: `outcomes` must be a JSON object that names at least one model\n"
        "1 line could not be replayed\n"
    )
    assert (piped.exit_code, json.loads(piped.stdout)["requests"]) == (0, 4)


def test_a_sweep_makes_a_curve(here: Path, run: Run) -> None:
    """One value of one file is replaced in copies; the folder stays as it is."""
    place = "careful/policy.yaml:$.cascades.unsure.steps[0].accept.output.confidence.gte"
    result = run(
        "replay", "careful", "--outcomes", "outcomes.jsonl", "--sweep", f"{place}=0.4,0.95", "--format", "json"
    )

    points = json.loads(result.stdout)["curve"]["points"]
    assert [(point["setting"], point["calls"]) for point in points] == [
        ("cheap", 0),
        ("0.4", 0.25),
        ("", 0.5),
        ("0.95", 1.0),
        ("dear", 1.0),
    ]
    assert "0.85" in (here / "careful" / "policy.yaml").read_text(encoding="utf-8")


class _Tags(HTMLParser):
    """Counts the tags of a page, and keeps what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, int] = {}
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_has_plots_and_loads_nothing(here: Path, run: Run) -> None:
    """Two plots, a row for each policy and baseline, names escaped, and no reference to anything outside."""
    (here / "a<b").mkdir()
    (here / "a<b" / "policy.yaml").write_bytes((here / "plain" / "policy.yaml").read_bytes())

    result = run("replay", "careful", "a<b", "--outcomes", "outcomes.jsonl", "--html", "report.html")

    page = (here / "report.html").read_text(encoding="utf-8")
    tags = _Tags()
    tags.feed(page)
    assert result.exit_code == 0
    assert (page.count('class="plot"'), tags.seen["tr"], tags.loads) == (2, 8, [])
    assert ("a&lt;b" in page, "<b>" in page) == (True, False)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("careful",), 2, "give at least one DIR, and --outcomes FILE"),
        (("careful", "--outcomes", "outcomes.jsonl", "--baseline", "other"), 1, "there is no outcome of model `other`"),
        (("careful", "--outcomes", "outcomes.jsonl", "--sweep", "x"), 2, "is not of the form"),
        (("careful", "--outcomes", "outcomes.jsonl", "--sweep", "x.yaml:$.a=1"), 2, "is in none of the folders"),
        (("careful", "--outcomes", "outcomes.jsonl", "--sweep", "careful/policy.yaml:$.a=1"), 1, "no single value at"),
        (("nowhere", "--outcomes", "outcomes.jsonl"), 3, "no policy folder at `nowhere`"),
    ],
)
def test_what_cannot_be_replayed_says_why(
    arguments: tuple[str, ...], code: int, said: str, here: Path, run: Run
) -> None:
    """Wrong usage ends with 2, what is not there with 1 or 3."""
    result = run("replay", *arguments)

    assert (result.exit_code, said in result.stderr) == (code, True)


def test_rows_of_all_cases_go_to_a_file(here: Path, run: Run) -> None:
    """What is printed stays the same."""
    plain = run("replay", "careful", "plain", "--outcomes", "outcomes.jsonl")
    result = run("replay", "careful", "plain", "--outcomes", "outcomes.jsonl", "--out", "out.jsonl", "--jobs", "2")

    rows = [json.loads(line) for line in (here / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (result.exit_code, result.stdout) == (0, plain.stdout)
    assert result.stderr == "what was done with 4 cases is in `out.jsonl`\n"
    assert [(row["id"], row["policy"], row["calls"]) for row in rows[2:4]] == [
        ("q2", "careful", ["cheap", "dear"]),
        ("q2", "plain", ["cheap"]),
    ]


def test_rows_need_files_of_outcomes(here: Path, run: Run) -> None:
    """Standard input cannot be gone on with."""
    result = run("replay", "careful", "--outcomes", "-", "--out", "out.jsonl")

    assert (result.exit_code, "--out needs a file of requests" in result.stderr) == (2, True)
