"""Texts that nobody should write: each is decided by or refused at its place, and nothing is ever raised."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine import BuildResult, Request, build, decide
from policy_engine.diagnostics import Position, Report, Span

BASE = """\
version: 1
tasks: [faq]
providers:
  p: {kind: fake}
models:
  m: {provider: p, model: m, price: {input: 1, output: 2}}
default: {route: m}
"""


def built(folder: Path, text: str | bytes) -> BuildResult:
    """The result of building a folder with the base and one more file."""
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    (folder / "more.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return build(folder)


def codes(result: BuildResult) -> list[str]:
    """The codes of all errors, in order."""
    return [found.code for found in result.report.errors]


def strays(report: Report) -> list[str]:
    """Diagnostics that point outside of their file, or that give no help."""
    return [
        found.headline()
        for found in report.diagnostics
        if not found.help or not all(_lies_in(place, report.sources[found.span.path]) for place in _ends(found.span))
    ]


def _ends(span: Span) -> tuple[Position, Position]:
    return (span.start, span.end)


def _lies_in(place: Position, text: str) -> bool:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return 1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1]) + 1


HARMLESS: Mapping[str, str] = {
    "nothing": "",
    "blank lines": "\n\n   \n",
    "a comment": "# nothing to say",
    "an empty document": "---\n...\n",
    "a byte order mark": "\ufefftasks: [a]\n",
    "lines ended by CR and LF": "tasks:\r\n  - a\r\n  - b\r\n",
    "lines ended by CR": "tasks:\r  - a\r  - b\r",
    "a document start": "---\ntasks: [a]\n",
    "a core tag that fits": "tasks: [!!str a]\n",
    "an anchor and its alias": "tasks: [&x a]\nconditions: {c: {task: *x}}\n",
    "quoted keys": '"tasks": [\'a\', "b"]\n',
    "a number as a key": "conditions: {5: {task: faq}}\n",
    "an explicit key": "? tasks\n: [a]\n",
    "a comma at the end": "tasks: [a, b,]\n",
    "a folded text": "rules:\n- name: r\n  then:\n    instructions: >-\n      two\n      lines\n",
    "a list without indentation": "tasks:\n- a\n- b\n",
    "other scripts": "conditions: {größe: {message: {contains: [頼む, срочно, 🙂]}}}\n",
    "a regex with every bracket": "conditions: {c: {message: {matches: '[{}()\\[\\]#:&*!|>%@`]'}}}\n",
}

REFUSED: Mapping[str, tuple[str, list[str]]] = {
    "a list": ("- a\n- b\n", ["PE202"]),
    "a word": ("hello\n", ["PE202"]),
    "an open bracket": ("tasks: [a, b\n", ["PE101"]),
    "an open quote": ("tasks: ['a, b]\n", ["PE101"]),
    "a closer too many": ("tasks: [a]]\n", ["PE101"]),
    "a tab": ("tasks:\n\t- a\n", ["PE106"]),
    "a colon in a value": ("zone: Europe: Berlin\n", ["PE101"]),
    "an escape that is none": ('conditions: {c: {message: {matches: "\\d"}}}\n', ["PE101"]),
    "a backspace": ('conditions: {c: {message: {matches: "\\bx"}}}\n', ["PE105"]),
    "a raw control character": ("tasks: [a\x07]\n", ["PE105"]),
    "a next-line character": ("tasks: [a]\x85\n", ["PE105"]),
    "half a character": ('tasks: ["\\ud800"]\n', ["PE105"]),
    "a null": ("tasks: ~\n", ["PE103"]),
    "nulls in a list": ("tasks: [a, ~, null, b]\n", ["PE103", "PE103"]),
    "a value left out": ("conditions:\n  c:\n", ["PE103"]),
    "not a number": ("conditions: {c: {message: {chars: {gt: .nan}}}}\n", ["PE104"]),
    "infinity": ("conditions: {c: {message: {chars: {lt: .inf}}}}\n", ["PE104"]),
    "a number without end": (f"conditions: {{c: {{message: {{chars: {{lt: {'9' * 500}}}}}}}}}\n", ["PE119"]),
    "a tag": ("tasks: !!set {a, b}\n", ["PE107"]),
    "a private tag": ("tasks: [!secret a]\n", ["PE107"]),
    "a merge": ("conditions: {c: {<<: {task: faq}}}\n", ["PE108"]),
    "a null as a key": ("conditions: {~: {task: faq}}\n", ["PE109"]),
    "a list as a key": ("conditions: {[a]: {task: faq}}\n", ["PE109"]),
    "an alias as a key": ("tasks: [&x a]\nconditions: {*x : {task: faq}}\n", ["PE109"]),
    "a key twice": ("tasks: [a]\ntasks: [b]\n", ["PE102"]),
    "a key twice, once in quotes": ('tasks: [a]\n"tasks": [b]\n', ["PE102"]),
    "two documents": ("tasks: [a]\n---\ntasks: [b]\n", ["PE110"]),
    "an alias of nothing": ("tasks: *x\n", ["PE121"]),
    "an alias of itself": ("conditions: &x {c: *x}\n", ["PE111"]),
    "aliases of aliases": (
        "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9 if n else ['a'])}]\n" for n in range(12)),
        ["PE111"],
    ),
    "a deep nest": (f"conditions: {{c: {'{not: ' * 80}{{task: faq}}{'}' * 80}}}\n", ["PE112"]),
    "a thousand brackets": ("tasks: " + "[" * 1_000 + "\n", ["PE112"]),
    "a directive": ("%YAML 3.0\n---\ntasks: [a]\n", ["PE101"]),
    "a merge conflict": ("<<<<<<< HEAD\ntasks: [a]\n=======\ntasks: [b]\n>>>>>>> it\n", ["PE101"]),
    "a yes for true": ("rules: [{name: r, enabled: yes, then: {tags: [a]}}]\n", ["PE202"]),
    "braces in braces": ("rules: [{name: r, then: {respond: {text: {{x}}}}}]\n", ["PE109"]),
    "a line out of place": ("rules:\n  - name: r\n   then: {tags: [a]}\n", ["PE101"]),
    "text after a quote": ("tasks: ['it's']\n", ["PE101"]),
}


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_what_is_odd_but_plain_is_taken(tmp_path: Path, text: str) -> None:
    """A file that YAML 1.2 gives one meaning to is read, however it is written."""
    result = built(tmp_path, text)

    assert codes(result) == []
    assert result.policy_set is not None


@pytest.mark.parametrize(("text", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_is_unclear_is_refused_once_at_its_place(tmp_path: Path, text: str, expected: list[str]) -> None:
    """A file that loses or hides something is refused: each mistake is told once, in the file and with help."""
    result = built(tmp_path, text)

    assert codes(result) == expected
    assert strays(result.report) == []
    assert {found.span.path for found in result.report.errors} == {str(tmp_path / "more.yaml")}
    assert result.policy_set is None


@pytest.mark.parametrize(
    "content",
    [b"tasks: [\xff\xfe]\n", b"tasks: [\xc3]\n", b"\x00\x00\x00", BASE.encode("utf-16"), b"tasks: [\xed\xa0\x80]\n"],
    ids=["no UTF-8", "half a character", "zeros", "UTF-16", "a surrogate"],
)
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, content: bytes) -> None:
    """A file in another encoding is one error about the file, and the rest is read."""
    result = built(tmp_path, content)

    (found,) = result.report.errors
    assert (found.code[:3], bool(found.help)) == ("PE1", True)
    assert result.report.files == 2


SOUND = (
    r"a+b*c?",
    r"(?i)\border\s+#?(?P<id>\d{6,10})\b",
    r"\pL\p{Greek}\x{1F600}",
    r"^$",
    r"[^]a]",
    r"(?s:.)\z",
    "|",
)
FOREIGN = {
    r"(?=a)b": "it has a lookaround",
    r"(?!a)b": "it has a lookaround",
    r"(?<=a)b": "it has a lookaround",
    r"(?<!a)b": "it has a lookaround",
    r"(a)\1": "it has a backreference",
    r"(?P<n>a)\k<n>": "it has a backreference",
    r"(?P<n>a)(?P=n)": "it has a backreference, or a group with a malformed name",
    r"a++b": "it has a possessive quantifier",
    r"(?>a|ab)c": "it has an atomic group",
    r"(a)(?(1)b|c)": "it has a conditional group",
    r"(?x) a b": "it has verbose mode",
    r"(?#note)a": "it has a comment inside",
    r"\Aab\Z": "it has an anchor of another language",
    r"a{1,100000}": "it repeats too often",
    r"((a{100}){100}){100}": "it repeats too often",
    r"a{5,2}": "a repetition ends before it begins, or repeats too often",
    r"(a": "a `(` is never closed",
    r"a)": "a `)` closes nothing",
    r"[a": "a `[` is never closed",
    r"*a": "it repeats nothing",
    r"a**": "it repeats a repetition",
    r"[z-a]": "a range in `[…]` runs backwards",
    r"\u00e9": "it has a malformed character code",
    r"\p{Klingon}": "it names an unknown class",
    "a\\": "it ends in a lone backslash",
    r"(?R)": "it has recursive groups",
}


def _rule(pattern: str) -> str:
    return f"rules:\n  - name: r\n    when: {{message: {{matches: {json.dumps(pattern)}}}}}\n    then: {{tags: [a]}}\n"


@pytest.mark.parametrize("pattern", SOUND)
def test_patterns_that_re2_knows_are_taken(tmp_path: Path, pattern: str) -> None:
    """A pattern in RE2's language builds, and decides."""
    result = built(tmp_path, _rule(pattern))

    assert codes(result) == []
    assert result.policy_set is not None
    assert decide(result.policy_set, Request(input="order 123456")).rule is None


@pytest.mark.parametrize(("pattern", "reason"), FOREIGN.items())
def test_patterns_that_re2_has_not_are_refused_with_a_reason(tmp_path: Path, pattern: str, reason: str) -> None:
    """A pattern that RE2 refuses is an error at the pattern that says what it has and what to write."""
    (found,) = built(tmp_path, _rule(pattern)).report.errors

    assert (found.code, found.span.start) == ("PE401", Position(3, 31))
    assert found.message == f"`{pattern}` is not an RE2 regular expression: {reason}"
    assert found.help


POLICY = (Path(__file__).parents[2] / "policy_engine" / "authoring" / "starter" / "policy.yaml").read_bytes()
LINES = POLICY.splitlines(keepends=True)
PLACES = st.integers(0, len(POLICY))
NUMBERS = st.integers(0, len(LINES) - 1)


def _swapped(first: int, second: int) -> bytes:
    lines = list(LINES)
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


MUTANTS = st.one_of(
    PLACES.map(lambda at: POLICY[:at]),
    NUMBERS.map(lambda n: b"".join(LINES[:n] + LINES[n + 1 :])),
    NUMBERS.map(lambda n: b"".join(LINES[: n + 1] + LINES[n:])),
    st.builds(_swapped, NUMBERS, NUMBERS),
    st.builds(lambda at, new: POLICY[:at] + new + POLICY[at + 1 :], PLACES, st.binary(min_size=1, max_size=1)),
    st.builds(
        lambda at, new: POLICY[:at] + new.encode() + POLICY[at:],
        PLACES,
        st.text("{}[]:,#&*!|>'\"%@`-?\t\n\\~<\u00a0\u2028é🙂", min_size=1, max_size=3),
    ),
    st.builds(lambda at, size: POLICY[:at] + POLICY[at + size :], PLACES, st.integers(1, 12)),
)
"""The starter policy cut, shuffled, or with a few bytes changed."""


@settings(max_examples=30)
@given(mutant=MUTANTS)
def test_a_damaged_policy_is_built_or_refused(mutant: bytes) -> None:
    """
    Whatever happens to a file, building ends: with policies, or with errors.

    Every diagnostic points into the file and gives help, and a second build says the same.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "policy.yaml").write_bytes(mutant)
        first, second = build(folder), build(folder)

    assert (first.policy_set is None) == bool(first.report.errors)
    assert strays(first.report) == []
    assert first.report == second.report
