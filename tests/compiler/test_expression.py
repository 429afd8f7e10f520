"""Expressions that must not be used: each is refused when the bundle is validated, with a reason and a place."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from policy_engine.diagnostics import Diagnostic, Severity
from tests.policies_of import built, errors, policies

UNREADABLE, FORBIDDEN, UNKNOWN, MISTYPED, LARGE = "PE411", "PE412", "PE413", "PE414", "PE415"

REFUSED = {
    # What reaches for the interpreter.
    "().__class__.__mro__": FORBIDDEN,
    "().__class__.__mro__ == 1": FORBIDDEN,
    "message.text.__class__ == 1": UNKNOWN,
    "x.mro()": FORBIDDEN,
    '"{0.__class__}".format(1)': FORBIDDEN,
    '"{0.__class__}".format(1) == "1"': FORBIDDEN,
    "__import__": UNKNOWN,
    '__import__("os") == 1': FORBIDDEN,
    "vars": UNKNOWN,
    "vars() == 1": FORBIDDEN,
    "dir()": FORBIDDEN,
    "f.request == 1": UNKNOWN,
    "v0 == 1": UNKNOWN,
    "len == 1": UNKNOWN,
    # What takes time or memory without bound.
    '"%500000000d" % 1': FORBIDDEN,
    '"%500000000d" % 1 == "1"': FORBIDDEN,
    '"a".ljust(10**9)': FORBIDDEN,
    '"a".ljust(10**9) == "a"': FORBIDDEN,
    "9**9**9": FORBIDDEN,
    "9**9**9 > 1": FORBIDDEN,
    "1<<10**9": FORBIDDEN,
    "1<<10**9 > 1": FORBIDDEN,
    "[0]*10**9": MISTYPED,
    "[0]*10**9 == [0]": MISTYPED,
    '"a" * 3 == "aaa"': MISTYPED,
    'f"{1:>500000000}"': FORBIDDEN,
    'f"{1:>500000000}" == "1"': FORBIDDEN,
    # What changes something.
    "d.update(x=1)": FORBIDDEN,
    "d.clear()": FORBIDDEN,
    "tags.append(1)": FORBIDDEN,
    "attributes.groups.append(1)": FORBIDDEN,
    "attributes.clear()": FORBIDDEN,
    "a = 2": UNREADABLE,
    "a := 2": UNREADABLE,
    "(a := 2)": FORBIDDEN,
    "(a := 2) == 2": FORBIDDEN,
    "1; 2": UNREADABLE,
    "True; False": UNREADABLE,
    "del x": UNREADABLE,
    "import os": UNREADABLE,
    # What is more than an expression over facts.
    "lambda: 0": FORBIDDEN,
    "(lambda: 0)() == 0": FORBIDDEN,
    "(yield)": FORBIDDEN,
    "await x": FORBIDDEN,
    "[x for x in y]": FORBIDDEN,
    "[x for x in y] == [1]": FORBIDDEN,
    "*a": UNREADABLE,
    "max(*a) > 1": FORBIDDEN,
    'x is "a"': FORBIDDEN,
    'attributes.plan is "pro"': FORBIDDEN,
    "task is not None": FORBIDDEN,
    "True if wants.json else False": FORBIDDEN,
    "message.text[0] == 'a'": FORBIDDEN,
    'attributes["plan"] == "pro"': FORBIDDEN,
    "{1: 2} == 1": FORBIDDEN,
    "message.chars in {1, 2}": FORBIDDEN,
    "message.chars // 2 == 1": FORBIDDEN,
    "message.chars % 2 == 1": FORBIDDEN,
    "message.chars | 1 == 1": FORBIDDEN,
    "~message.chars == 1": FORBIDDEN,
    "attributes.plan == None": FORBIDDEN,
    "1j == message.chars": FORBIDDEN,
    'b"a" == message.text': FORBIDDEN,
    "... == 1": FORBIDDEN,
    "min(key=1) == 1": FORBIDDEN,
    "rand() < 0.5": FORBIDDEN,
    "int(message.text) > 1": FORBIDDEN,
    "upper(message.text) == 'A'": FORBIDDEN,
    'message.text.lower() == "a"': FORBIDDEN,
    "(wants.json and wants.stream) == True": FORBIDDEN,
    "(message.chars > 1) + 1 == 2": FORBIDDEN,
    'message.text in ("a", attributes.plan)': FORBIDDEN,
    "message.chars in ()": FORBIDDEN,
    "len(message.text, 1) == 1": FORBIDDEN,
    "abs() == 1": FORBIDDEN,
    "min(message.chars) == 1": FORBIDDEN,
    "startswith(message.text)": FORBIDDEN,
    'lower(message.text, "a") == "a"': FORBIDDEN,
    # What is too large.
    "(" * 500: UNREADABLE,
    "(" * 500 + "1" + ")" * 500 + " == 1": UNREADABLE,
    "-" * 3_900 + "1 > 0": LARGE,
    "not " * 900 + "True": LARGE,
    "+".join(["1"] * 3_000) + " > 2": LARGE,
    "+".join(["1"] * 1_900) + " > 2": LARGE,
    " and ".join(["True"] * 500): LARGE,
    "1" * 100_000 + " == message.chars": LARGE,
    "1" * 31 + " == message.chars": LARGE,
    "message.chars > 1e999": LARGE,
    "message.chars + 1 > 1e999": LARGE,
    "attributes.ratio > -1e999": LARGE,
    "message.chars in (1, 1e999)": LARGE,
    # What hides what it says.
    "\ufeffwants.json": UNREADABLE,
    'task == "a\u202eb"': UNREADABLE,
    "wants.js\u200don": UNREADABLE,
    "wаnts.json": UNREADABLE,  # a Cyrillic `а`
    "wants.ｊson": UNREADABLE,  # a letter that Python folds into `j`
    # What compares what cannot be compared.
    'message.chars > "200"': MISTYPED,
    'message.chars == "200"': MISTYPED,
    "attributes.plan == 1": MISTYPED,
    "attributes.plan < 'pro'": MISTYPED,
    "attributes.beta == 1": MISTYPED,
    "message.chars == True": MISTYPED,
    "message.chars in ('a', 'b')": MISTYPED,
    "attributes.plan in (1, 2)": MISTYPED,
    "len(message.text) in ('a', 'b')": MISTYPED,
    "lower(message.text) in (1, 2)": MISTYPED,
    "1 in ('a', 'b')": MISTYPED,
    "message.chars in ('a', 1)": MISTYPED,
    "message.chars in (True, False)": MISTYPED,
    "message.chars in 5": MISTYPED,
    "message.chars in message.text": MISTYPED,
    "wants.json in attributes.groups": MISTYPED,
    "attributes.groups == ('a',)": MISTYPED,
    "attributes.groups": MISTYPED,
    "message.chars": MISTYPED,
    "message.text": MISTYPED,
    "1": MISTYPED,
    '"yes"': MISTYPED,
    "not message.chars": MISTYPED,
    "wants.json + 1 == 2": MISTYPED,
    "abs(message.text) == 1": MISTYPED,
    "min(message.chars, attributes.plan) == 1": MISTYPED,
    "len(message.chars) == 1": MISTYPED,
    "lower(message.chars) == 'a'": MISTYPED,
    'count(message.chars, "a") == 1': MISTYPED,
    'attributes.plan == "gold"': MISTYPED,
    'attributes.plan in ("pro", "gold")': MISTYPED,
    'task == "nonsense"': MISTYPED,
    'classifier.topic.label == "cooking"': MISTYPED,
    # What nobody knows.
    "message.length > 1": UNKNOWN,
    "attributes.undeclared == 'a'": UNKNOWN,
    "plan == 'pro'": UNKNOWN,
    "cache.replies > 1": UNKNOWN,
    "cache.nowhere.hit": UNKNOWN,
    "output.chars > 1": UNKNOWN,
    "chat == task": UNKNOWN,
    "attributes.items.keys": UNKNOWN,
    # What cannot be read.
    "   ": UNREADABLE,
    "message.chars >": UNREADABLE,
    "message.chars > 1 &&  wants.json": UNREADABLE,
    "!wants.json": UNREADABLE,
    "message.chars >> ": UNREADABLE,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Diagnostic]]:
    """What is told about each expression, all of them standing in one bundle."""
    rules = [{"name": f"r{i}", "when": {"expr": text}, "then": {"route": "fast"}} for i, text in enumerate(REFUSED)]
    found = errors(tmp_path_factory.mktemp("refused"), yaml.safe_dump({"rules": rules}, allow_unicode=False))
    return {
        text: [one for one in found if one.yaml_path == f"$.rules[{i}].when.expr"] for i, text in enumerate(REFUSED)
    }


@pytest.mark.parametrize(("expression", "code"), REFUSED.items(), ids=[text[:40] for text in REFUSED])
def test_an_expression_is_refused_with_a_reason(
    expression: str, code: str, told: Mapping[str, list[Diagnostic]]
) -> None:
    """An expression that may not be used gives one error of its code, with a message, where it stands."""
    (found,) = told[expression]

    assert (found.code, found.severity) == (code, Severity.ERROR)
    assert 0 < len(found.message) < 400


def test_a_refused_expression_does_not_keep_others_from_being_read(tmp_path: Path) -> None:
    """Each expression of a bundle is told on its own, in disabled rules, named conditions and scores too."""
    text = yaml.safe_dump(
        {
            "conditions": {"unused": {"expr": "a.b"}},
            "scores": {"unused": [{"when": {"expr": "c.d"}, "points": 1}]},
            "cascades": {"c": {"steps": [{"route": "fast", "accept": {"expr": "e.f"}}, {"route": "fast"}]}},
            "rules": [
                {"name": "one", "enabled": False, "when": {"expr": "g.h"}, "then": {"route": "fast"}},
                {"name": "two", "when": {"any": [{"expr": "i.j"}, {"expr": "k.l"}]}, "then": {"route": "fast"}},
            ],
        }
    )

    found = errors(tmp_path, text)

    assert {one.message for one in found} == {
        f"unknown fact `{name}`" for name in ("a.b", "c.d", "e.f", "g.h", "i.j", "k.l")
    }
    assert len(found) == 6


def test_an_expression_in_several_places_is_read_once_and_told_about_in_each(tmp_path: Path) -> None:
    """Rules with the same expression share its node; one that may not be used is told wherever it stands."""
    rules = "rules:\n  - {name: a, when: {expr: FACT > 9}, then: {}}\n  - {name: b, when: {expr: FACT > 9}, then: {}}"
    rules = rules.replace("{}", "{route: fast}")

    first, second = policies(tmp_path / "sound", rules.replace("FACT", "message.chars")).rules
    found = errors(tmp_path / "unsound", rules.replace("FACT", "message.charz"))

    assert first.node is second.node
    assert [one.yaml_path for one in found] == ["$.rules[0].when.expr", "$.rules[1].when.expr"]


def test_the_place_of_a_fault_is_the_part_of_the_expression(tmp_path: Path) -> None:
    """The span of a finding is the name that is wrong, not the whole expression."""
    found = errors(
        tmp_path, "rules: [{name: r, when: {expr: '\"ü\" == message.text or message.lenght > 1'}, then: {route: fast}}]"
    )

    start, end = found[0].span.start, found[0].span.end
    assert (start.line, start.column, end.column) == (1, 56, 70)
    assert found[0].help is not None


def test_an_answer_is_known_in_a_gate_only(tmp_path: Path) -> None:
    """A cascade step's `accept` may read `output`; a rule may not."""
    accept = {"expr": 'output.chars > 40 and not startswith(output.text, "Sorry") and output.confidence >= 0.5'}
    cascade = {"steps": [{"route": "fast", "accept": accept}, {"route": "frontier"}]}

    result = built(tmp_path, {"case.yaml": yaml.safe_dump({"cascades": {"c": cascade}})})

    assert result.report.errors == ()


@pytest.mark.parametrize("inner", ["{expr: 'score.s > 1'}", "{condition: c}"])
def test_a_score_that_reads_itself_in_an_expression_is_a_circle(inner: str, tmp_path: Path) -> None:
    """A circle is an error whether it goes through a written condition or through an expression."""
    found = errors(
        tmp_path, f"{{conditions: {{c: {{expr: 'score.s > 1'}}}}, scores: {{s: [{{when: {inner}, points: 1}}]}}}}"
    )

    assert [one.code for one in found] == ["PE316"]
