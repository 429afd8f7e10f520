"""The list of codes in the docs is the manual's."""

from __future__ import annotations

from policy_engine.cli.manual import read_manual
from tests.e2e import diagnostics_page


def test_the_page_lists_every_code_as_its_manual_page_says() -> None:
    """docs/diagnostics.md is what `python -m tests.e2e.diagnostics_page` writes."""
    assert diagnostics_page.PATH.read_text(encoding="utf-8") == diagnostics_page.page()


def test_every_code_has_a_chapter() -> None:
    """No code of the manual is left out of the page for want of a chapter."""
    assert {code[:3] for code in read_manual()} <= set(diagnostics_page.CHAPTERS)
