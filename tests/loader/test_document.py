"""The reading of strict YAML."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_engine.diagnostics import Diagnostic, Position, Related, Severity, Span
from policy_engine.loader.document import Document, read_document

PATH = "policies/chat.yaml"


def span(line: int, column: int, end_column: int) -> Span:
    return Span(PATH, Position(line, column), Position(line, end_column))


def told(document: Document) -> list[tuple[str, str, Span]]:
    return [(d.code, d.message, d.span) for d in document.diagnostics]


def test_a_policy_is_plain_data() -> None:
    """Mappings, lists, text, numbers and booleans come out as such, without diagnostics."""
    text = "version: 1\nrules:\n  - name: a\n    when: {message: {chars: {gt: 1.5}}}\n    enabled: true\n"

    document = read_document(text, PATH)

    expected = {"version": 1, "rules": [{"name": "a", "when": {"message": {"chars": {"gt": 1.5}}}, "enabled": True}]}
    assert document == Document(data=expected, diagnostics=())


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "---\n...\n", "\n\n"])
def test_a_file_without_content_is_an_empty_mapping(text: str) -> None:
    """A file with nothing in it but comments and marks says nothing, and that is no fault."""
    assert read_document(text, PATH) == Document(data={}, diagnostics=())


def test_keys_are_text_as_written() -> None:
    """Numbers and booleans as keys are taken as they are written."""
    assert read_document("10: a\n0x1F: b\ntrue: c\n1.50: d\n", PATH).data == {
        "10": "a",
        "0x1F": "b",
        "true": "c",
        "1.50": "d",
    }


def test_a_duplicate_key_points_at_the_first() -> None:
    """The second of two equal keys is an error with its path, related to the first, and the first one counts."""
    document = read_document("when:\n  '10': first\n  10: second\n", PATH)

    assert document == Document(
        data={"when": {"10": "first"}},
        diagnostics=(
            Diagnostic(
                code="PE102",
                name="duplicate-key",
                severity=Severity.ERROR,
                message="the key `10` is written twice in one mapping",
                span=span(3, 3, 5),
                yaml_path="$.when.10",
                help="keep one of them, or join the two values",
                related=(Related(span=span(2, 3, 7), message="`10` is first written here"),),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "data", "message", "place", "help"),
    [
        (
            "then:\nroute: fast\n",
            {"route": "fast"},
            "`then` has no value",
            span(1, 1, 5),
            "write a value after the colon, indent below it what belongs to it, or leave the key out",
        ),
        ("a: ~\n", {}, "`a` is null", span(1, 4, 5), "leave it out instead: nothing in a policy may be null"),
        ("a: null\n", {}, "`a` is null", span(1, 4, 8), "leave it out instead: nothing in a policy may be null"),
        (
            "tasks:\n  - x\n  -\n  - y\n",
            {"tasks": ["x", "y"]},
            "item 2 of `tasks` has no value",
            span(3, 3, 4),
            "write a value after the dash, or remove the dash",
        ),
        ("a: {b:1}\n", {"a": {}}, "`b:1` has no value", span(1, 5, 8), "put a space after the colon: `b: 1`"),
        (
            "a: {b, c: 1}\n",
            {"a": {"c": 1}},
            "`b` has no value",
            span(1, 5, 6),
            "put text with a comma in quotes; else write `key: value` for each entry, or use [ ] for a list",
        ),
        (
            "expr: &x\nb: 1\n",
            {"b": 1},
            "`expr` has no value",
            span(1, 1, 5),
            "put a value that begins with `&` in single quotes",
        ),
    ],
)
def test_nothing_is_null(text: str, data: Any, message: str, place: Span, help: str) -> None:
    """An empty or null value is an error that says whose it is, and is left out of the data."""
    document = read_document(text, PATH)

    assert document.data == data
    assert [(d.code, d.message, d.span, d.help) for d in document.diagnostics] == [("PE103", message, place, help)]


@pytest.mark.parametrize(
    ("text", "code", "message", "place"),
    [
        ("a: -.inf\n", "PE104", "`a` is `-.inf`", span(1, 4, 9)),
        ("a: [1, .NaN]\n", "PE104", "item 2 of `a` is `.NaN`", span(1, 8, 12)),
        ("a: 1e999\n", "PE119", "`a` is a number too large to keep", span(1, 4, 9)),
        ("a: " + "9" * 401 + "\n", "PE119", "`a` is a number too large to keep", span(1, 4, 405)),
        (r'a: "x\border"' + "\n", "PE105", "`a` holds a backspace (U+0008)", span(1, 6, 8)),
        (r'a: "\x9f"' + "\n", "PE105", "`a` holds a control character (U+009F)", span(1, 5, 9)),
        (r'"a\0": 1' + "\n", "PE105", "the file holds a control character (U+0000)", span(1, 3, 5)),
        ("a: !urgent x\n", "PE107", "the tag `!urgent` does not fit a value of a policy", span(1, 4, 11)),
        ("a: !!int x\n", "PE107", "the tag `!!int` does not fit a value of a policy", span(1, 4, 9)),
        ("a: !!set {b: c}\n", "PE107", "the tag `!!set` does not fit a value of a policy", span(1, 4, 9)),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "PE107",
            "the tag `!!python/object/apply:os.system` does not fit a value of a policy",
            span(1, 4, 35),
        ),
        ("<<: {a: b}\n", "PE108", "the merge key `<<` is not allowed in a policy", span(1, 1, 3)),
        ("[a]: b\n", "PE109", "a key must be a name", span(1, 1, 2)),
        ("a: {{ b }}\n", "PE109", "a key must be a name", span(1, 5, 6)),
        ("? \n: b\n", "PE109", "there is no key before this `:`", span(1, 2, 3)),
        ("~: b\n", "PE109", "`~` as a key is null", span(1, 1, 2)),
        ("a: 1\n---\nb: 2\n", "PE110", "a second document begins here", span(2, 1, 4)),
        ("a: &x [*x]\n", "PE111", "the anchor `&x` contains an alias to itself", span(1, 8, 10)),
        ("a: *x\n", "PE121", "no anchor `&x` stands before this alias", span(1, 4, 6)),
        ("a: [-]\n", "PE101", "a `-` alone is no value", span(1, 5, 6)),
    ],
)
def test_what_a_policy_may_not_hold(text: str, code: str, message: str, place: Span) -> None:
    """Each thing that a policy may not hold has its code, its words and its place."""
    assert told(read_document(text, PATH)) == [(code, message, place)]


def test_one_fault_does_not_hide_another() -> None:
    """All faults of a file are told at once, and what is sound is still read."""
    document = read_document("a: ~\nb: .inf\nc: !x y\nd: 1\n", PATH)

    assert [d.code for d in document.diagnostics] == ["PE103", "PE104", "PE107"]
    assert document.data == {"d": 1}


def test_core_tags_are_read() -> None:
    """The tags of the core schema are allowed where the value has that form."""
    text = "a: !!str 10\nb: !!int '7'\nc: !!float 1\nd: !!bool true\ne: !!map {f: !!seq [g]}\n"

    assert read_document(text, PATH) == Document(
        data={"a": "10", "b": 7, "c": 1.0, "d": True, "e": {"f": ["g"]}}, diagnostics=()
    )


def test_an_alias_is_the_value_of_its_anchor() -> None:
    """An alias stands for what the latest anchor of its name marked."""
    text = "a: &x {b: 1}\nc: *x\nd: &x 2\ne: *x\nf: &x [&x g, *x]\nh: *x\n"

    assert read_document(text, PATH).data == {"a": {"b": 1}, "c": {"b": 1}, "d": 2, "e": 2, "f": ["g", "g"], "h": "g"}


def test_aliases_cannot_blow_up_a_file() -> None:
    """A file whose aliases stand for too much is given up, with one diagnostic."""
    levels = "".join(f"b{i}: &a{i + 1} [*a{i}, *a{i}]\n" for i in range(40))

    document = read_document(f"a: &a0 [x, x]\n{levels}", PATH)

    message = "the aliases of this file stand for more than 200,000 values"
    assert told(document) == [("PE111", message, span(16, 18, 22))]
    assert document.data is None


def test_aliases_cannot_nest_without_end() -> None:
    """Depth counts with aliases expanded."""
    levels = "".join(f"b{i}: &a{i + 1} [*a{i}]\n" for i in range(100))

    document = read_document(f"a: &a0 [x]\n{levels}", PATH)

    assert [(d.code, d.message) for d in document.diagnostics] == [
        ("PE112", "the alias `*a62` nests values more than 64 deep")
    ]


@pytest.mark.parametrize(("depth", "codes"), [(64, []), (65, ["PE112"]), (100_000, ["PE112"])])
def test_depth_is_bounded(depth: int, codes: list[str]) -> None:
    """Sixty-four levels are read, one more is refused, and many more cost nothing."""
    assert [d.code for d in read_document("[" * depth + "]" * depth, PATH).diagnostics] == codes


def test_a_complex_key_does_not_hide_that_a_file_is_given_up() -> None:
    """A file that nests too deep inside a key still has a diagnostic."""
    document = read_document("{" * 100, PATH)

    assert document.data is None
    assert told(document) == [("PE109", "a key must be a name", span(1, 2, 3))]


def test_faults_are_bounded() -> None:
    """A file with thousands of faults tells a hundred of them."""
    assert len(read_document("- \n" * 3_000, PATH).diagnostics) == 100


def test_messages_are_bounded() -> None:
    """A message does not repeat a whole file."""
    assert len(read_document(f"{'k' * 1_000}: ~\n", PATH).diagnostics[0].message) == 241


def test_a_raw_next_line_character_is_refused() -> None:
    """U+0085 would be taken for a line break, so the file is refused at its place."""
    document = read_document("a: 'x\x85y'\n", PATH)

    assert told(document) == [("PE105", "the file holds a control character (U+0085)", span(1, 6, 7))]


def test_line_separators_are_ordinary_characters() -> None:
    """U+2028 and U+2029 are text, as YAML 1.2 has it, and do not count as lines."""
    document = read_document("a: 'x \u2028 y'\n'b\u2029': ~\n", PATH)

    assert document.data == {"a": "x \u2028 y"}
    assert told(document) == [("PE103", "`b\u2029` is null", span(2, 7, 8))]


@given(st.text())
def test_any_text_is_read_or_told(text: str) -> None:
    """Whatever a text is, reading it gives data or a reason, and every place lies in the text."""
    check_places(text, read_document(text, PATH))


YAML_PIECES = [
    *("a", "b: ", ": ", "- ", "[", "]", "{", "}", ", ", "'", '"', "\n", "  ", "\t", "#", " #", "&x ", "*x", "!!int "),
    *("!t ", "? ", "|", ">", "\\b", "%", "@", "`", "---\n", "...\n", "<<: ", "~", ".inf", "1", "é", "\u2028", "\r\n"),
]


@given(st.lists(st.sampled_from(YAML_PIECES), max_size=30).map("".join))
def test_anything_like_yaml_is_read_or_told(text: str) -> None:
    """Texts made of YAML's own signs give data or a reason, and every place lies in the text."""
    check_places(text, read_document(text, PATH))


def check_places(text: str, document: Document) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert document.data is not None or document.diagnostics
    for diagnostic in document.diagnostics:
        for place in (diagnostic.span, *(related.span for related in diagnostic.related)):
            assert place.start <= place.end
            for position in (place.start, place.end):
                assert 1 <= position.line <= len(lines)
                assert 1 <= position.column <= len(lines[position.line - 1]) + 1


KEYS_AND_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20)
JSON_VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | KEYS_AND_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS_AND_TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(JSON_VALUES)
def test_json_is_read_as_itself(value: Any) -> None:
    """A JSON document without nulls means the same to the loader."""
    document = read_document(json.dumps(value, ensure_ascii=False), PATH)

    assert document == Document(data=value, diagnostics=())


@given(JSON_VALUES)
def test_indented_json_is_read_as_itself(value: Any) -> None:
    """It does so when written over several lines."""
    document = read_document(json.dumps(value, indent=2, ensure_ascii=False), PATH)

    assert document == Document(data=value, diagnostics=())
