"""Outputs are compared with what a page shows, wildcards included, and blocks are read with their markers."""

from __future__ import annotations

import pytest

from tests.e2e import pages, prelude
from tests.e2e.pages import Block, Session


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("one\ntwo\n", ["one", "two"]),
        ("one\ntwo", ["one", "two"]),
        ("took 12 ms\n", ["took … ms"]),
        ("one\ntwo\nthree\nfour\n", ["one", "…", "four"]),
        ("one\nfour\n", ["one", "…", "four"]),
        ("a.b (c)\n", ["a.b (c)"]),
    ],
)
def test_an_output_like_the_shown_is_accepted(printed: str, shown: list[str]) -> None:
    """`…` stands for anything in a line, and alone for any number of lines."""
    assert pages.is_as_shown(printed, shown)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("one\n", ["two"]),
        ("one\ntwo\n", ["one"]),
        ("one\n", ["one", "two"]),
        ("took 12 s\n", ["took … ms"]),
        ("axb\n", ["a.b"]),
        ("one\ntwo\n", ["one …"]),
    ],
)
def test_another_output_is_not_accepted(printed: str, shown: list[str]) -> None:
    """A line too many, one too few or one that differs is noticed."""
    assert not pages.is_as_shown(printed, shown)


def test_blocks_are_read_with_their_markers() -> None:
    """A block has a language, a place, and the two halves of the comment right before it."""
    path = pages.TOP / "docs" / "ci.md"
    block = next(block for block in pages.blocks_of(path) if block.kind == "file")

    assert (block.page, block.language, block.kind, block.detail) == (
        "docs/ci.md",
        "yaml",
        "file",
        "broken/policy.yaml",
    )
    assert path.read_text(encoding="utf-8").splitlines()[block.line - 1] == "<!-- file: broken/policy.yaml -->"


def test_commands_are_read_with_their_output() -> None:
    """Each `$` begins a command; a backslash at the end of its line continues it."""
    text = "$ policy-engine validate \\\n    shop\nfine\n$ git status\n"
    block = Block(page="p.md", line=1, language="console", kind="run", detail="", text=text)

    assert list(pages.sessions_of(block)) == [
        Session(command="policy-engine validate      shop", shown=("fine",)),
        Session(command="git status", shown=()),
    ]


def test_fragments_of_lists_become_rules() -> None:
    """Each item of a list of conditions is the `when` of a rule of its own."""
    assert prelude.of_conditions("- task: faq\n- {wants: {json: true},\n   task: faq}\n") == (
        "rules:\n"
        "  - name: rule-1\n"
        "    when:\n"
        "      task: faq\n"
        "    then: {route: workhorse}\n"
        "  - name: rule-2\n"
        "    when:\n"
        "      {wants: {json: true},\n"
        "       task: faq}\n"
        "    then: {route: workhorse}\n"
    )
