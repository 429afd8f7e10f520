"""Values inside expressions."""

import ast

import pytest

from policy_engine.compiler.terms import FUNCTIONS, Refusal, Term, Terms, fact_names, kind_name, merged
from policy_engine.diagnostics import Address
from policy_engine.model.policy import Attribute, AttributeType, Declarations, Setting
from policy_engine.model.quantity import Kind

HERE = Address("a.yaml")
DECLARED = Declarations(
    fingerprint="f",
    tasks=("chat",),
    attributes={"plan": Attribute(name="plan", type=AttributeType.STRING, source="key", address=HERE)},
    caches={"c": Setting(name="c", value={}, address=HERE)},
)

READ = {
    "1": (Kind.NUMBER, "1.0", ()),
    "-2": (Kind.NUMBER, "(-2.0)", ()),
    "True": (Kind.BOOLEAN, "True", ()),
    "'a\"b'": (Kind.TEXT, "'a\"b'", ()),
    "message.chars": (Kind.COUNT, "float(len(f.message))", ("message.chars",)),
    "input.tokens": (Kind.COUNT, "float(f.input_tokens)", ("input.tokens",)),
    "conversation.turns": (Kind.COUNT, "float(f.shape.turns())", ("conversation.turns",)),
    "attributes.plan": (Kind.TEXT, "f.attributes['plan']", ("attributes.plan",)),
    "cache.c.similarity": (Kind.SHARE, "float(f.signals['cache.c']['similarity'])", ("cache.c.similarity",)),
    "1 + message.chars * 2": (Kind.NUMBER, "(1.0 + (float(len(f.message)) * 2.0))", ("message.chars",)),
    "('a', 'b')": (Kind.LIST, "('a', 'b',)", ()),
    "[1]": (Kind.LIST, "(1.0,)", ()),
    "lower(message.text)": (Kind.TEXT, "lower(f.message)", ("message.text",)),
    "len(message.text)": (Kind.NUMBER, "float(len(f.message))", ("message.text",)),
    "max(1, message.chars)": (Kind.NUMBER, "float(max(1.0, float(len(f.message))))", ("message.chars",)),
    "startswith(message.text, 'a')": (Kind.BOOLEAN, "startswith(f.message, 'a')", ("message.text",)),
}


@pytest.mark.parametrize(("text", "expected"), READ.items(), ids=READ.keys())
def test_a_term_has_kind_source_and_reads(text: str, expected: tuple[Kind, str, tuple[str, ...]]) -> None:
    """A value is read into the source that computes it in doubles, and the facts that it needs."""
    term = _read(text)

    assert (term.kind, term.source, tuple(fact.name for fact in term.reads)) == expected


def test_an_answer_is_read_only_where_there_is_one() -> None:
    """Facts about an answer are refused outside of a gate."""
    assert _read("output.chars", answers=True).source == "float(f.signals['output']['chars'])"
    with pytest.raises(Refusal, match="is known only in a cascade step's `accept`"):
        _read("output.chars")


def test_a_refusal_suggests_what_may_have_been_meant() -> None:
    """An unknown fact close to a known one is suggested; a bare word is taken for a text without quotes."""
    helps = {}
    for text in ("message.charz", "atributes.plan", "pro", "entirely.different.thing"):
        with pytest.raises(Refusal) as refused:
            _read(text)
        helps[text] = refused.value.help

    assert helps == {
        "message.charz": "did you mean `message.chars`?",
        "atributes.plan": "did you mean `attributes.plan`?",
        "pro": "text must be quoted; facts are listed in the language manual",
        "entirely.different.thing": None,
    }


def test_kinds_are_told_in_words_of_the_language() -> None:
    """Numbers of all units are numbers."""
    assert [kind_name(kind) for kind in (Kind.TEXT, Kind.BOOLEAN, Kind.LIST, Kind.MONEY)] == [
        "text", "a boolean", "a list", "a number",
    ]  # fmt: skip


def test_the_names_of_facts_are_those_of_the_bundle() -> None:
    """Declared names are there with their fields; answers only where they may be read."""
    names = fact_names(DECLARED, answers=False)

    assert {"task", "message.text", "attributes.plan", "cache.c.hit", "cache.c.similarity", "id"} <= names
    assert not {"output.text", "attributes.other"} & names
    assert "output.text" in fact_names(DECLARED, answers=True)


def test_facts_of_several_terms_are_named_once() -> None:
    """Facts keep their first place."""
    chars, plan = _read("message.chars").reads, _read("attributes.plan").reads

    assert merged(chars, plan, chars) == (*chars, *plan)
    assert set(FUNCTIONS) == {"len", "min", "max", "abs", "lower", "startswith", "endswith", "count"}


def _read(text: str, *, answers: bool = False) -> Term:
    return Terms(declarations=DECLARED, answers=answers).read(ast.parse(text, mode="eval").body)
