"""Mistakes that other routers are known for, and what happens here instead: seen from outside."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from policy_engine import Engine, Request, build, decide
from policy_engine.cli.program import program
from policy_engine.compiler.policy_set import PolicySet
from policy_engine.model.request import read_request
from tests.classifier_file import empty_classifier

ROOT = Path(__file__).parents[2]
WORDS = """\
version: 1
tasks: [faq, reply]
attributes:
  plan: {type: string, enum: [free, pro]}
  seats: {type: integer}
  trial: {type: boolean}
  notes: {type: list}
providers:
  openai: {kind: openai, api_key: "${NOBODY_SETS_THIS}"}
models:
  mini: {provider: openai, model: gpt-4o-mini, price: {input: 1, output: 2}, context: 1M}
  big: {provider: openai, model: gpt-4o, price: {input: 10, output: 20}, context: 1M}
tiers:
  - {name: fast, models: [mini]}
  - {name: workhorse, models: [big]}
classifiers:
  complexity: {file: complexity.json, labels: [easy, hard]}
signals:
  risk: {type: number}
budgets:
  daily: {amount: $50, window: day}
scores:
  difficulty:
    - {when: {message: {chars: {gt: 500}}}, points: 1}
default: {route: workhorse}
"""

Write = Callable[..., Path]
Run = Callable[..., Result]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a bundle of `WORDS` and rules into `policies`, below the current folder."""
    monkeypatch.chdir(tmp_path)

    def bundle(rules: str = "", *, words: str = WORDS) -> Path:
        folder = tmp_path / "policies"
        folder.mkdir()
        (folder / "words.yaml").write_text(words, encoding="utf-8")
        (folder / "complexity.json").write_text(empty_classifier("easy", "hard"), encoding="utf-8")
        if rules:
            (folder / "rules.yaml").write_text(rules, encoding="utf-8")
        return folder

    return bundle


@pytest.fixture
def run() -> Run:
    """Runs the program in this process."""

    def invoke(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(program, arguments, input=stdin, catch_exceptions=False)

    return invoke


def rule(when: str, then: str = "{route: fast}", *, more: str = "") -> str:
    """A file with one rule, `r`, whose `when` is on line 3."""
    return f"rules:\n  - name: r\n    when: {when}\n    then: {then}\n{more}"


def policies(folder: Path) -> PolicySet:
    """The policies in a folder that is without fault."""
    result = build(folder)
    assert result.policy_set is not None, result.report.diagnostics
    return result.policy_set


def findings(folder: Path) -> list[tuple[str, int, str, str, str | None]]:
    """What is told of `rules.yaml`: code, line, YAML path, message and help."""
    return [
        (found.code, found.span.start.line, found.yaml_path, found.message, found.help)
        for found in build(folder).report.diagnostics
        if found.span.path.endswith("rules.yaml")
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule("{task: faq}", "{route: fsat}"), ("PE301", 4, "$.rules[0].then.route", "unknown tier `fsat`", "fast")),
        ("tiers: [{name: t, models: [mnii]}]\n", ("PE314", 1, "$.tiers[0].models[0]", "unknown model `mnii`", "mini")),
        (
            rule("{signal: {rsik: {gt: 1}}}"),
            ("PE312", 3, "$.rules[0].when.signal.rsik", "unknown signal `rsik`", "risk"),
        ),
        (
            rule("{classifier: {complexity: {label: hrad}}}"),
            (
                "PE308",
                3,
                "$.rules[0].when.classifier.complexity.label",
                "classifier `complexity` has no label `hrad`",
                "hard",
            ),
        ),
        (rule("{task: fqa}"), ("PE302", 3, "$.rules[0].when.task", "unknown task `fqa`", "faq")),
        (
            rule("{attributes: {paln: pro}}"),
            ("PE303", 3, "$.rules[0].when.attributes.paln", "unknown attribute `paln`", "plan"),
        ),
    ],
    ids=["tier", "model", "signal", "label", "task", "attribute"],
)
def test_an_unknown_name_is_an_error_at_its_line_with_a_suggestion(
    write: Write, text: str, told: tuple[str, int, str, str, str]
) -> None:
    """Bug 1: a name that nothing declares is an error at its place, and what was meant is named."""
    *place, meant = told

    (found,) = findings(write(text))

    assert found[:4] == tuple(place)
    assert found[4] is not None
    assert f"`{meant}`" in found[4]


def test_two_rules_with_one_name_are_an_error_at_both_places(write: Write) -> None:
    """Bug 2: the second of two rules with a name is an error that points at the first as well."""
    folder = write(rule("{task: faq}") + "  - {name: r, then: {route: fast}}\n")

    (found,) = build(folder).report.diagnostics

    assert (found.code, found.span.start.line, found.yaml_path) == ("PE315", 5, "$.rules[1].name")
    assert [place.span.start.line for place in found.related] == [2]


def test_not_with_two_entries_is_an_error_with_its_path(write: Write) -> None:
    """Bug 2: `not` takes one entry, so nobody has to guess what two of them mean."""
    (found,) = findings(write(rule("{not: {task: faq, attributes: {plan: pro}}}")))

    assert found[:4] == ("PE209", 3, "$.rules[0].when.not", "`not` takes exactly one entry, not 2")


def test_a_test_beside_a_group_counts_as_much_as_the_group(write: Write) -> None:
    """Bug 2: a condition that is both a test and a group holds where both hold; neither is passed over."""
    policy_set = policies(write(rule("{task: faq, any: [{attributes: {plan: pro}}, {attributes: {trial: true}}]}")))

    decided = [
        decide(policy_set, Request(task=task, attributes={"plan": plan, "trial": False})).rule
        for task in ("faq", "reply")
        for plan in ("pro", "free")
    ]

    assert decided == ["r", None, None, None]


@pytest.mark.parametrize(
    "when",
    [
        "{task: faq}",
        "{task: {ne: faq}}",
        "{not: {task: faq}}",
        "{attributes: {plan: {ne: pro}}}",
        "{none: [{attributes: {plan: pro}}]}",
        "{not: {attributes: {trial: true}}}",
        "{attributes: {seats: {lt: 5}}}",
        "{message: {chars: {lt: 200}}}",
        "{not: {message: {contains: urgent}}}",
        "{not: {input: {tokens: {gt: 100}}}}",
        "{conversation: {tools: {eq: 0}}}",
        "{score: {difficulty: {lt: 1}}}",
        "{budget: {daily: {used: {gte: 90%}}}}",
        "{not: {budget: {daily: {used: {lt: 90%}}}}}",
        "{signal: {risk: {lt: 0.5}}}",
        "{not: {classifier: {complexity: {label: hard}}}}",
        "{expr: 'not (message.chars > 100)'}",
        "{expr: 'attributes.plan != \"pro\"'}",
    ],
)
def test_a_request_without_evidence_reaches_the_default(write: Write, when: str) -> None:
    """Bug 4: a rule toward the cheapest tier does not match a request about which nothing is known."""
    decision = decide(policies(write(rule(when))), Request())

    assert (decision.rule, decision.tier) == (None, "workhorse")
    assert decision.unknown != ()


def test_a_request_without_evidence_reaches_the_default_of_the_example() -> None:
    """Bug 4: the policies that come with the project send it to their default, which is not the cheapest tier."""
    decision = decide(policies(ROOT / "policies"), Request())

    assert (decision.rule, decision.tier) == (None, "workhorse")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("message.chars >", "PE411"),
        ("message.chrs > 3", "PE413"),
        ("attributes.plan > 3", "PE414"),
        ('__import__("os").system("id")', "PE412"),
        ("9**9**9 > 1", "PE412"),
    ],
)
def test_an_invalid_expression_keeps_the_bundle_from_loading(write: Write, run: Run, text: str, code: str) -> None:
    """Bug 6: it is an error of `validate`, and no request is decided by what is left of the rules."""
    write(rule(f"{{expr: '{text}'}}", "{deny: {status: 403}}", more="    on_unknown: skip\n"))

    checked = run("validate", "policies", "--format", "json")
    decided = run("dry-run", "policies", "--task", "faq")

    assert [found["code"] for found in json.loads(checked.stdout)["diagnostics"]] == [code]
    assert (checked.exit_code, decided.exit_code, decided.stdout) == (1, 3, "")


def test_a_budget_that_nobody_declared_is_an_error(write: Write) -> None:
    """Bug 7: a rule that reads it does not see 0 but keeps the bundle from loading."""
    folder = write(rule("{budget: {dayly: {used: {gte: 90%}}}}"))

    assert findings(folder) == [
        ("PE310", 3, "$.rules[0].when.budget.dayly", "unknown budget `dayly`", "did you mean `daily`?")
    ]
    assert build(folder).policy_set is None


HOSTILE = [
    (r"(a+)+c$", "a" * 100_000 + "!"),
    (r"^(a|a)*b$", "a" * 100_000),
    (r"(.*)*=x", "=" * 100_000),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 100_000),
    (r"(,*,)*(,+)[ \t]", "," * 100_000),
    (r"[abc]+\w+[ab]+a;", "abc" * 33_000),
    (r"(x+x+)+y", "x" * 100_000),
    (r"\s+$", " " * 100_000 + "."),
    (r"^(\d+)*-(\d+)*z$", "1" * 50_000 + "-" + "1" * 50_000),
    (r"(?i)(?:foo|bar)?.{0,500}baz", "foo" * 33_000),
]
"""Patterns that take exponential or polynomial time where one backtracks, with 100 KB of text that brings it about."""


def test_hostile_texts_are_decided_in_bounded_time(write: Write) -> None:
    """Bug 19: 100 KB against patterns of every bad kind, alone and together, end in the right decision."""
    rules = "".join(
        f"  - {{name: r{n}, when: {{input: {{matches: '{pattern}'}}}}, then: {{route: fast}}}}\n"
        for n, (pattern, _) in enumerate(HOSTILE)
    )
    folder = write(f"rules:\n{rules}")
    requests = folder.parent / "requests.jsonl"
    texts = [*(text for _, text in HOSTILE), "=" * 100_000 + "x"]
    requests.write_text("".join(json.dumps({"input": text}) + "\n" for text in texts), encoding="utf-8")

    command = [sys.executable, "-m", "policy_engine", "dry-run", "policies", "--requests", "requests.jsonl"]
    done = subprocess.run(
        [*command, "--format", "jsonl"], cwd=folder.parent, env=_environment(), capture_output=True, timeout=120
    )

    assert [json.loads(line)["rule"] for line in done.stdout.splitlines()] == [*[None] * len(HOSTILE), "r2"]


def test_hostile_texts_are_decided_by_the_example_policies() -> None:
    """Bug 19: the same texts against every pattern and phrase of the policies that come with the project."""
    policy_set = policies(ROOT / "policies")
    tasks = policy_set.declarations.tasks
    decided = {
        decide(policy_set, Request(task=task, input=text, attributes={"plan": "pro", "stakes": "low"})).rule
        for task in tasks
        for _, text in HOSTILE
    }

    assert decided == {
        "classify",
        "contracts-high-stakes",
        "everyday",
        "extract",
        "replies-careful",
        "summaries-long",
        None,
    }


CONVERSATION: list[dict[str, Any]] = [
    {"role": "system", "content": "You help."},
    {"role": "user", "content": [{"type": "text", "text": "Where is it?"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "track", "arguments": '{"id": 7}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "on its way"},
]
TOOLS = [{"type": "function", "function": {"name": "track", "parameters": {"type": "object"}}}]
SERVED = """\
rules:
  - {name: mark, when: {wants: {stream: true}}, then: {tags: [stream], params: {temperature: 0.1}}}
  - {name: json, when: {wants: {json: true}, attributes: {trial: true}}, then: {route: fast}}
  - {name: named, when: {wants: {model: big}}, then: {route: requested}}
  - {name: loop, when: {task: reply, conversation: {in_tool_loop: true, tools: {gte: 1}}}, then: {route: workhorse}}
  - {name: paying, when: {attributes: {plan: pro, seats: {gte: 3}}, input: {chars: {gt: 10}}}, then: {route: fast}}
"""


@pytest.mark.parametrize(
    ("body", "request_", "rule_"),
    [
        (
            {"model": "auto:reply", "messages": CONVERSATION, "tools": TOOLS, "stream": True, "max_tokens": 50},
            Request(
                task="reply",
                messages=CONVERSATION,
                tools=TOOLS,
                params={"max_tokens": 50},
                wants={"stream": True, "json": False, "model": "auto"},
            ),
            "loop",
        ),
        (
            {
                "model": "auto",
                "messages": CONVERSATION[:2],
                "metadata": {"task": "faq", "plan": "pro", "seats": 3},
                "temperature": 0.7,
            },
            Request(
                task="faq",
                messages=CONVERSATION[:2],
                params={"temperature": 0.7},
                attributes={"plan": "pro", "seats": 3},
            ),
            "paying",
        ),
        (
            {
                "model": "big",
                "messages": CONVERSATION[:2],
                "response_format": {"type": "json_schema"},
                "metadata": {"trial": True},
            },
            Request(messages=CONVERSATION[:2], attributes={"trial": True}, wants={"json": True, "model": "big"}),
            "json",
        ),
        (
            {"model": "big", "messages": [{"role": "user", "content": "hi"}]},
            Request(input="hi", wants={"model": "big"}),
            "named",
        ),
        (
            {"model": "auto", "messages": [], "metadata": {"plan": "gold", "task": "nope"}},
            Request(messages=[], task="nope", attributes={"plan": "gold"}),
            None,
        ),
    ],
    ids=["a conversation with tools", "metadata", "a wanted form", "a wanted model", "nothing valid"],
)
def test_a_chat_body_is_decided_like_the_request_it_stands_for(
    write: Write, run: Run, body: dict[str, Any], request_: Request, rule_: str | None
) -> None:
    """Bug 20: a dry run of the serving API's body gives the whole decision that `decide` gives."""
    policy_set = policies(write(SERVED))

    result = run("dry-run", "policies", "--requests", "-", "--format", "jsonl", stdin=json.dumps(body) + "\n")

    decision = decide(policy_set, request_, estimate=True)
    assert json.loads(result.stdout) == json.loads(json.dumps(decision.to_json()))
    assert decision.rule == rule_


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("0", "this engine reads version 1; write `version: 1`"),
        ("2", "this engine reads version 1; a newer engine may read this file"),
    ],
)
def test_another_version_is_refused_with_what_to_do(write: Write, written: str, help: str) -> None:
    """Bug 21: a file of another version is not read as if it were of ours; it says which we read."""
    folder = write(f"version: {written}\n{rule('{task: faq}')}")

    assert findings(folder) == [("PE210", 1, "$.version", f"unsupported version `{written}`", help)]
    assert build(folder).policy_set is None


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch ran']",
        "!!python/name:os.system",
        "!!python/object/new:subprocess.Popen [['touch', 'ran']]",
        "!include words.yaml",
        "!!binary Zm9v",
    ],
)
def test_tags_run_nothing(write: Write, value: str) -> None:
    """Bug 22: a YAML tag is an error at its place, whatever it would do elsewhere."""
    folder = write(rule("{task: faq}", f"\n      respond:\n        json: {value}"))

    assert [(code, line) for code, line, *_ in findings(folder)] == [("PE107", 6)]
    assert not (folder.parent / "ran").exists()


def test_aliases_cannot_grow_without_bound(write: Write) -> None:
    """Bug 22: a few lines that stand for billions of values are refused before they are expanded."""
    levels = "".join(f"  - &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 12))
    folder = write(f"tasks:\n  - &l0 [x]\n{levels}")

    assert [code for code, *_ in findings(folder)] == ["PE111"]


class _Runs:
    """What leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (open, ("ran", "w"))


def test_files_that_policies_refer_to_are_data(write: Write) -> None:
    """Bug 22: neither a classifier file nor a template can run anything."""
    folder = write(rule("{classifier: {complexity: {label: easy}}}", "{respond: {template: t.txt}}"))
    (folder / "complexity.json").write_bytes(pickle.dumps(_Runs()))
    (folder / "t.txt").write_text("${message.__class__} `touch ran` {0.__class__}", encoding="utf-8")

    found = build(folder).report.diagnostics

    assert sorted(one.code for one in found) == ["PE335", "PE343"]
    assert not (folder.parent / "ran").exists()


OFFLINE = """\
import sys
def forbid(event, arguments):
    if event.startswith("socket."):
        raise SystemExit(f"the network was used: {event}")
sys.addaudithook(forbid)
from policy_engine.cli import main
sys.argv = ["policy-engine", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "policies"),
        ("dry-run", "policies", "--requests", "examples/requests.jsonl", "--format", "jsonl"),
        ("graph", "policies"),
    ],
    ids=["validate", "dry-run", "graph"],
)
def test_neither_key_nor_network_is_needed(arguments: tuple[str, ...]) -> None:
    """Bug 23: in an environment without keys, where every socket is refused, policies are checked and decide."""
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *arguments], cwd=ROOT, env=_environment(), capture_output=True, timeout=120
    )

    assert (done.returncode, b"network" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize(
    ("when", "unknown"),
    [
        ("{expr: 'message.chars / attributes.seats < 100'}", ("expr",)),
        ("{expr: 'not (message.chars / attributes.seats > 100)'}", ("expr",)),
        ("{not: {expr: 'message.chars / attributes.seats > 100'}}", ("expr",)),
        ("{attributes: {plan: {ne: pro}}}", ("attributes.plan",)),
        ("{signal: {risk: {lt: 0.5}}}", ("signal.risk",)),
        ("{not: {signal: {risk: {gt: 0.5}}}}", ("signal.risk",)),
        ("{none: [{signal: {risk: {gt: 0.5}}}]}", ("signal.risk",)),
    ],
)
def test_what_fails_counts_as_unknown_and_opens_nothing_cheaper(
    write: Write, when: str, unknown: tuple[str, ...]
) -> None:
    """Bug 24: an expression or fact that fails leaves its rule unknown and is listed, and `default` decides."""
    folder = write(rule(when))

    with Engine.open(folder, signals={"risk": _fails}, watch=False) as engine:
        decision = engine.decide(Request(input="hello", attributes={"seats": 0, "plan": "gold"}))

    assert (decision.rule, decision.tier, decision.unknown) == (None, "workhorse", unknown)


@pytest.mark.parametrize("on_unknown", ["match", "default", "skip"])
def test_a_refusal_says_what_a_failed_signal_means(write: Write, on_unknown: str) -> None:
    """Bug 24: where a guard fails, the rule's own `on_unknown` decides: refuse, use the default, or pass over it."""
    guard = rule("{signal: {risk: {gt: 0.5}}}", "{deny: {status: 403}}", more=f"    on_unknown: {on_unknown}\n")
    folder = write(guard + "  - {name: rest, then: {route: fast}}\n")

    with Engine.open(folder, signals={"risk": _fails}, watch=False) as engine:
        decision = engine.decide(Request(input="hello"))

    assert decision.rule == {"match": "r", "default": None, "skip": "rest"}[on_unknown]
    assert decision.unknown == ("signal.risk",)


def _fails(request: Request) -> float:
    raise RuntimeError("the service is down")


def _environment() -> dict[str, str]:
    """No keys, and this project to import."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


ORDER = """\
rules:
  - {name: replies, when: {task: reply}, then: {route: fast}}
  - {name: hidden, when: {task: reply, message: {chars: {gt: 99}}}, then: {route: workhorse}}
  - {name: never, when: {all: [{task: faq}, {task: reply}]}, then: {route: workhorse}}
  - {name: faq, when: {task: faq}, then: {route: fast}}
  - {name: fewer, when: {task: faq, message: {contains: hours}}, then: {route: fast}}
tasks: [orphan]
"""


def test_rules_that_do_nothing_are_told_with_a_request_that_shows_it(write: Write, run: Run) -> None:
    """Bug 3: shadowed, subsumed, contradictory and uncovered are told, and a dry run of each witness agrees."""
    folder = write(ORDER)

    told = json.loads(run("validate", "policies", "--format", "json").stdout)["diagnostics"]
    shown = {one["code"]: one for one in told if one["path"].endswith("rules.yaml")}

    assert {code: one["start"]["line"] for code, one in shown.items()} == {
        "PE502": 3,
        "PE503": 6,
        "PE505": 4,
        "PE508": 7,
    }
    policy_set = policies(folder)
    decided = {code: decide(policy_set, read_request(one["witness"])).rule for code, one in shown.items()}
    assert decided == {"PE502": "replies", "PE503": "faq", "PE505": "faq", "PE508": None}


def test_the_example_policies_have_nothing_to_hide(run: Run) -> None:
    """Bug 3: no false alarm on the policies that are shipped."""
    result = run("validate", *(str(ROOT / name) for name in ("policies", "examples/policies_complete")))

    assert (result.exit_code, result.stdout) == (0, "")


THRESHOLDS = """\
phrases: {complaints: {embedder: hashed, of: [I want my money back]}}
rules:
  - {name: sum, when: {score: {difficulty: {gt: 1}}}, then: {route: workhorse}}
  - {name: share, when: {similar: {complaints: {gt: 1}}}, then: {route: workhorse}}
  - {name: any, when: {message: {tokens: {gte: 0}}}, then: {route: fast}}
  - {name: high, when: {similar: {complaints: {gte: 0.75}}}, then: {route: workhorse}}
"""


def test_thresholds_beyond_every_value_are_told(write: Write, run: Run) -> None:
    """Bug 5: a threshold that can never or always fire is told, and so is one that does on the samples."""
    write(THRESHOLDS)
    samples = "".join(
        json.dumps({"input": "Hi", "signals": {"similar": {"complaints": n / 50}}}) + "\n" for n in range(30)
    )

    result = run("validate", "policies", "--requests", "-", "--format", "json", stdin=samples)

    told = [one for one in json.loads(result.stdout)["diagnostics"] if one["path"].endswith("rules.yaml")]
    places = {(one["code"], one["start"]["line"]) for one in told if one["code"] in ("PE509", "PE510", "PE517")}
    assert {("PE509", 3), ("PE509", 4), ("PE510", 5), ("PE517", 6)} <= places
    assert ("PE509", 6) not in places
