"""The manual of diagnostics."""

import re

from policy_engine.cli.manual import Page, closest_word, find_page, page_of, read_manual

MANUAL = read_manual()


def test_every_page_is_whole() -> None:
    """Each page has a code, a name, one sentence, and says what to avoid, what to prefer and why."""
    for code, page in MANUAL.items():
        assert code == page.code
        assert re.fullmatch(r"PE[1-6]\d\d", page.code)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", page.name)
        assert re.fullmatch(r"[^\n]+\.", page.summary), page
        assert re.search(r"\nAvoid:\n(    .*\n|\n)+Prefer:\n(    .*\n|\n)+Why:\n    ", page.text), page


def test_codes_and_names_are_unique_and_in_order() -> None:
    """Codes ascend, no name is given twice, and every stage has its pages."""
    assert list(MANUAL) == sorted(MANUAL)
    assert len({page.name for page in MANUAL.values()}) == len(MANUAL)
    assert {code[:3] for code in MANUAL} >= {"PE1", "PE2", "PE3", "PE4"}


def test_a_page_is_found_by_code_or_name() -> None:
    """Case does not matter, and what is neither is not found."""
    page = MANUAL["PE301"]

    assert find_page(MANUAL, "pe301") is find_page(MANUAL, "Unknown-Tier") is page
    assert find_page(MANUAL, "PE999") is None


def test_a_misspelt_name_is_recognised() -> None:
    """The closest code or name is offered, and none where none is close."""
    assert closest_word(MANUAL, "unknown-teir") == "unknown-tier"
    assert closest_word(MANUAL, "zzzzzzzz") is None


def test_a_page_is_read_from_a_docstring() -> None:
    """The first line is name and summary, the rest the text."""
    docstring = "odd-thing: something is odd.\n\nAvoid:\n    this\nPrefer:\n    that\nWhy:\n    reasons\n"

    assert page_of(code="PE999", name="odd-thing", docstring=docstring) == Page(
        code="PE999",
        name="odd-thing",
        summary="something is odd.",
        text="something is odd.\n\nAvoid:\n    this\nPrefer:\n    that\nWhy:\n    reasons",
    )
