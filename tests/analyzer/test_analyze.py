"""What the analysis tells, at which severity, and what it is asked not to tell."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from policy_engine.cli.program import program
from policy_engine.diagnostics import Diagnostic
from policy_engine.pipeline import BuildResult, analyzed, build

ROOT = Path(__file__).parents[2]
HEAD = """\
version: 1
tasks: [ask, write]
attributes:
  plan: {type: string, enum: [free, pro]}
  seats: {type: integer}
  tenant: {type: string}
  labels: {type: list}
  stakes: {type: string, enum: [low, high], default: low}
providers: {openai: {kind: openai, api_key: "${KEY}"}, eu: {kind: openai, api_key: "${KEY}", tags: [eu]}}
models:
  mini: {provider: openai, model: mini-1, price: {input: 1, output: 2}, context: 1M}
  big: {provider: eu, model: big-1, price: {input: 10, output: 20}, context: 1M}
tiers: [{name: fast, models: [mini]}, {name: strong, models: [big]}]
default: {route: strong}
"""
QUIET = 'analysis: {PE514: "off", PE508: "off", PE513: "off"}\n'


def told(folder: Path, text: str, **files: str) -> list[tuple[str, str, str]]:
    """Code, severity and YAML path of what is told about a file beside `HEAD`; unused names are left out."""
    return [(one.code, str(one.severity), one.yaml_path) for one in diagnostics(folder, text + QUIET, **files)]


def diagnostics(folder: Path, text: str, **files: str) -> tuple[Diagnostic, ...]:
    """What is told about files beside `HEAD`."""
    return result_of(folder, text, **files).report.diagnostics


def result_of(folder: Path, text: str, **files: str) -> BuildResult:
    """A bundle, built and analysed."""
    for name, content in {"head": HEAD, "rules": text, **files}.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    result = analyzed(build(folder, today=date(2026, 11, 24)))
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result


HIDDEN = """\
rules:
  - {name: all, when: {task: ask}, then: {route: fast}}
  - name: hidden
    when: {task: ask, message: {chars: {gt: 9}}}
    then: {route: strong}
"""


def test_a_finding_has_its_place_its_words_and_its_witness(tmp_path: Path) -> None:
    """A shadowed rule is told where it is named, with the rule that hides it and a request that shows it."""
    (found,) = diagnostics(tmp_path, HIDDEN + QUIET)

    assert found.headline() == (
        f"{tmp_path.as_posix()}/rules.yaml:3:11: warning[PE502] rule `hidden` never decides: `all` matches whatever it "
        "would match, and comes first"
    )
    assert found.yaml_path == "$.rules[1].name"
    assert found.help == "put it before `all`, or make `all` narrower"
    assert [(one.span.start.line, one.message) for one in found.related] == [(2, "this rule comes first")]
    assert found.witness == {"task": "ask", "input": "Hello word"}


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("off", []), ("info", ["info"]), ("warning", ["warning"]), ("error", ["error"])],
)
def test_a_bundle_says_how_bad_a_finding_is(tmp_path: Path, severity: str, expected: list[str]) -> None:
    """Under `analysis` a code is switched off, or told as what the bundle says."""
    result = result_of(tmp_path, f"{HIDDEN}analysis: {{PE502: {severity}, PE508: off, PE514: off}}\n")

    assert [str(one.severity) for one in result.report.diagnostics] == expected
    assert result.policy_set is not None


def test_a_rule_may_ignore_a_finding_with_a_reason(tmp_path: Path) -> None:
    """What a rule ignores is not told of it, and still of others."""
    ignoring = HIDDEN + "    ignore: [{code: PE502, reason: kept until spring}]\n"
    more = "  - {name: other, when: {task: ask, message: {chars: {gt: 5}}}, then: {route: strong}}\n"

    assert told(tmp_path, ignoring + more) == [("PE502", "warning", "$.rules[2].name")]


def test_a_reason_is_required(tmp_path: Path) -> None:
    """To ignore something without a reason is an error of form."""
    (tmp_path / "head.yaml").write_text(HEAD, encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(HIDDEN + "    ignore: [{code: PE502}]\n", encoding="utf-8")

    assert [(one.code, one.yaml_path) for one in build(tmp_path).report.errors] == [("PE203", "$.rules[1].ignore[0]")]


@pytest.mark.parametrize(
    ("at", "code", "more"),
    [
        ("attributes.seats", "PE514", ""),
        ("tasks.write", "PE508", ""),
        ("tiers.spare", "PE514", "models: {s: {provider: eu, model: s, price: {input: 1, output: 1}}}\n"
         "tiers: [{name: spare, models: [s]}]\n"),
    ],
)  # fmt: skip
def test_a_bundle_may_ignore_a_finding_about_a_declaration(tmp_path: Path, at: str, code: str, more: str) -> None:
    """An entry of the bundle's `ignore` takes out one finding about one declaration."""
    rules = "rules: [{name: all, when: {task: ask}, then: {route: fast}}]\n" + more
    before = [one.message for one in diagnostics(tmp_path, rules)]

    after = [one.message for one in diagnostics(tmp_path, rules + f"ignore: [{{code: {code}, at: {at}, reason: r}}]\n")]

    assert len(after) == len(before) - 1
    assert at.partition(".")[2] in next(iter({*before} - {*after}))


FOUND = {
    "a file's own `when` excludes a rule": (
        "when: {task: ask}\nrules: [{name: a, when: {task: write}, then: {route: fast}}]\n",
        [("PE505", "warning", "$.rules[0].when")],
    ),
    "an alternative is dead beside the file's `when`": (
        "when: {task: ask}\n"
        "rules: [{name: a, when: {any: [{task: write}, {message: {chars: {gt: 5}}}]}, then: {route: fast}}]\n",
        [("PE505", "warning", "$.rules[0].when.any[0].task")],
    ),
    "more words than characters": (
        "rules: [{name: a, when: {message: {chars: {lt: 5}, words: {gt: 9}}}, then: {route: fast}}]\n",
        [("PE505", "warning", "$.rules[0].when.message.words.gt")],
    ),
    "a message longer than everything sent": (
        "rules: [{name: a, when: {message: {chars: {gt: 500}}, input: {chars: {lt: 100}}}, then: {route: fast}}]\n",
        [("PE505", "warning", "$.rules[0].when.input.chars.lt")],
    ),
    "hours and days that never meet": (
        "zone: UTC\nrules:\n"
        "  - name: a\n"
        "    when: {all: [{time: {days: mon, dates: '2026-11-24'}}]}\n"
        "    then: {route: fast}\n",
        [("PE505", "warning", "$.rules[0].when.all[0].time")],
    ),
    "a phrase inside a phrase": (
        "rules:\n"
        "  - {name: a, when: {message: {contains: order}}, then: {route: fast}}\n"
        "  - {name: b, when: {message: {contains: order status}}, then: {respond: {text: t}}}\n",
        [("PE502", "warning", "$.rules[1].name")],
    ),
    "one of the alternatives of a regex": (
        "rules:\n"
        "  - {name: a, when: {message: {matches: '(?i)\\b(?:refund|return)s?\\b'}}, then: {route: fast}}\n"
        "  - {name: b, when: {message: {matches: '(?i)\\brefunds?\\b'}}, then: {respond: {text: t}}}\n",
        [("PE502", "warning", "$.rules[1].name")],
    ),
    "a smaller sample of the same kind": (
        "rules:\n"
        "  - {name: a, when: {sample: {share: 20%, by: user, salt: s}}, then: {route: fast}}\n"
        "  - {name: b, when: {sample: {share: 10%, by: user, salt: s}}, then: {respond: {text: t}}}\n",
        [("PE502", "warning", "$.rules[1].name")],
    ),
    "a higher sum of the same points": (
        "scores: {s: [{when: {task: ask}, points: 1}, {when: {wants: {json: true}}, points: 2}]}\n"
        "rules:\n"
        "  - {name: a, when: {score: {s: {gte: 1}}}, then: {route: fast}}\n"
        "  - {name: b, when: {score: {s: {gte: 3}}}, then: {respond: {text: t}}}\n",
        [("PE502", "warning", "$.rules[1].name")],
    ),
    "an expression that says what a table says": (
        "rules:\n"
        "  - {name: a, when: {attributes: {seats: {gt: 5}}}, then: {route: fast}}\n"
        "  - {name: b, when: {expr: 'attributes.seats >= 10'}, then: {respond: {text: t}}}\n",
        [("PE502", "warning", "$.rules[1].name")],
    ),
    "what stops for the default hides": (
        "rules:\n"
        "  - {name: a, when: {attributes: {seats: {gt: 5}}}, on_unknown: default, then: {route: fast}}\n"
        "  - {name: b, when: {attributes: {seats: {lte: 5}}}, then: {respond: {text: t}}}\n"
        "  - {name: c, when: {not: {wants: {json: true}}}, then: {route: [fast, strong]}}\n",
        [("PE501", "warning", "$.rules[2].name")],
    ),
    "a modifier after everything": (
        "rules:\n  - {name: a, then: {route: fast}}\n  - {name: b, when: {task: ask}, then: {tags: [late]}}\n",
        [("PE502", "warning", "$.rules[1].name")],
    ),
    "the same modifier twice": (
        "rules:\n"
        "  - {name: a, when: {task: ask}, then: {log: none}}\n"
        "  - {name: b, when: {task: {in: [ask]}}, then: {log: none}}\n",
        [("PE504", "warning", "$.rules[1].name")],
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_it_is_found(tmp_path: Path, name: str) -> None:
    """What is wrong is told once, at its place."""
    text, expected = FOUND[name]

    assert told(tmp_path, text) == expected


CLEAN = {
    "unknown lets a later rule in": (
        "rules:\n"
        "  - {name: a, when: {attributes: {plan: free}}, then: {route: fast}}\n"
        "  - {name: b, when: {attributes: {plan: pro}}, then: {route: strong}}\n"
        "  - {name: c, when: {task: ask}, then: {respond: {text: t}}}\n"
    ),
    "a value that is invalid is no value": (
        "rules:\n"
        "  - {name: a, when: {attributes: {stakes: low}}, then: {route: fast}}\n"
        "  - {name: b, when: {attributes: {stakes: high}}, then: {route: strong}}\n"
        "  - {name: c, when: {task: ask}, then: {respond: {text: t}}}\n"
    ),
    "a phrase is no part of a longer word": (
        "rules:\n"
        "  - {name: a, when: {message: {contains: order}}, then: {route: fast}}\n"
        "  - {name: b, when: {message: {contains: reorder}}, then: {respond: {text: t}}}\n"
    ),
    "samples with other salts": (
        "rules:\n"
        "  - {name: a, when: {sample: {share: 20%, by: user, salt: s}}, then: {route: fast}}\n"
        "  - {name: b, when: {sample: {share: 10%, by: user, salt: t}}, then: {respond: {text: t}}}\n"
    ),
    "tokens that the request states itself": (
        "rules: [{name: a, when: {message: {chars: {lt: 5}, tokens: {gt: 900}}}, then: {route: fast}}]\n"
    ),
    "a named condition with a branch for other tasks": (
        "conditions: {c: {any: [{task: write}, {attributes: {stakes: high}}]}}\n"
        "rules: [{name: a, when: {task: ask, condition: c}, then: {route: fast}}]\n"
    ),
    "short, long and the rest": (
        "rules:\n"
        "  - {name: a, when: {task: ask, input: {tokens: {lt: 100}}}, then: {route: fast}}\n"
        "  - {name: b, when: {task: ask, input: {tokens: {gt: 900}}}, then: {route: strong}}\n"
        "  - {name: c, when: {task: ask}, then: {route: fast}}\n"
    ),
    "there is a message": (
        "rules: [{name: a, when: {message: {chars: {gt: 0}}, task: [ask, write]}, then: {route: fast}}]\n"
    ),
    "a lower end of zero beside an upper end": (
        "rules: [{name: a, when: {input: {tokens: {gte: 0, lt: 900}}}, then: {route: fast}}]\n"
    ),
    "a similarity that `only` makes unknown": (
        "caches: {c: {kind: semantic, embedder: openai/e}}\n"
        "rules:\n"
        "  - {name: a, when: {cache: {c: {hit: true}}}, then: {route: fast}}\n"
        "  - {name: m, when: {attributes: {stakes: high}}, on_unknown: match, then: {only: {tags: [eu]}}}\n"
        "  - {name: b, when: {not: {cache: {c: {hit: true}}}}, then: {route: strong}}\n"
        "  - {name: d, then: {respond: {text: t}}}\n"
    ),
}


@pytest.mark.parametrize("name", CLEAN)
def test_it_is_left_alone(tmp_path: Path, name: str) -> None:
    """What only looks wrong is not told."""
    assert told(tmp_path, CLEAN[name]) == []


def test_rules_in_two_files_are_told_once_for_the_pair(tmp_path: Path) -> None:
    """Of many rules that yield by their file's name only, the first pair is told."""
    other = "rules:\n" + "".join(
        f"  - {{name: z{n}, when: {{message: {{chars: {{gt: {n * 10}}}}}}}, then: {{respond: {{text: 't{n}'}}}}}}\n"
        for n in (3, 2, 1)
    )
    text = "rules: [{name: a, when: {attributes: {stakes: high}}, then: {route: fast}}]\n"

    assert told(tmp_path, text, zz=other) == [("PE507", "warning", "$.rules[0].name")]


def test_a_disabled_rule_hides_nothing_and_uses_names(tmp_path: Path) -> None:
    """A rule that is switched off is not analysed, but what it names stays in use."""
    text = (
        "conditions: {c: {message: {contains: x}}}\n"
        "rules:\n"
        "  - {name: a, enabled: false, when: {condition: c}, then: {route: fast}}\n"
        "  - {name: b, when: {message: {contains: x y}}, then: {route: fast}}\n"
    )

    assert [one.message for one in diagnostics(tmp_path, text) if "condition" in one.message] == []
    assert told(tmp_path, text) == []


def test_building_and_reloading_do_not_wait_for_it(tmp_path: Path) -> None:
    """Only what `analyzed` is called for is analysed: a build tells nothing of it."""
    result_of(tmp_path, HIDDEN)

    assert [one.code for one in build(tmp_path).report.diagnostics if one.code.startswith("PE5")] == []


def test_nobody_who_builds_or_serves_loads_it() -> None:
    """The analysis is not even imported by what builds policies or decides by them."""
    source = "import sys, policy_engine.engine, policy_engine.pipeline as p; p.build('policies'); print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "policy_engine.validator.validate" in done.stdout.split()
    assert [name for name in done.stdout.split() if name.startswith("policy_engine.analyzer")] == []


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "github", "sarif"])
def test_every_format_has_it_and_a_warning_can_fail(tmp_path: Path, form: str) -> None:
    """A finding of the analysis is told in each format, and counts as a warning for `--fail-on`."""
    result_of(tmp_path, HIDDEN + QUIET)

    lenient = CliRunner().invoke(program, ["validate", str(tmp_path), "--format", form])
    strict = CliRunner().invoke(program, ["validate", str(tmp_path), "--format", form, "--fail-on", "warning"])

    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    assert "PE502" in lenient.stdout
    assert "Hello word" in lenient.stdout or form == "github"


def test_a_long_text_of_a_witness_is_cut_for_people_only(tmp_path: Path) -> None:
    """People are shown the beginning of a text of thousands of characters, programs all of it."""
    result_of(tmp_path, HIDDEN.replace("gt: 9", "gt: 9000") + QUIET)

    for_people = CliRunner().invoke(program, ["validate", str(tmp_path)]).stdout
    (line,) = CliRunner().invoke(program, ["validate", str(tmp_path), "--format", "jsonl"]).stdout.splitlines()

    assert "… (9,001 characters)" in for_people
    assert len(json.loads(line)["witness"]["input"]) == 9001
