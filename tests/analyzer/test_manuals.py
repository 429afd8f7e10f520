"""Every finding's manual page shows what it says: Avoid is told, and Prefer is not."""

from datetime import date
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from policy_engine.analyzer.findings import FINDINGS, one_sided_threshold
from policy_engine.model.request import Request
from policy_engine.pipeline import analyzed, build
from tests.validator.manual import completed, example

PAGES = [cast(ModuleType, page) for page in FINDINGS]

SAMPLES = [Request(input="Hi", signals={"similar": {"complaints": n / 50}}) for n in range(5, 26)]


def codes(folder: Path, page: ModuleType, heading: str) -> set[str]:
    """The codes of what is told about the example under a heading, leaving out what completes it."""
    for name, text in completed(example(page.__doc__ or "", heading)).items():
        (folder / name).write_text(text, encoding="utf-8")
    samples = SAMPLES if page is one_sided_threshold else ()
    result = analyzed(build(folder, today=date(2026, 11, 24)), samples=samples)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return {one.code for one in result.report.diagnostics if not one.span.path.endswith("base.yaml")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.NAME)
def test_what_to_avoid_is_told(page: ModuleType, tmp_path: Path) -> None:
    """The example under Avoid has this finding."""
    assert page.CODE in codes(tmp_path, page, "Avoid")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.NAME)
def test_what_to_prefer_is_not_told(page: ModuleType, tmp_path: Path) -> None:
    """The example under Prefer has no finding at all."""
    assert codes(tmp_path, page, "Prefer") == set()


def test_codes_are_in_order_and_used_once() -> None:
    """The table of findings is sorted by what the pages are called for, and no code or name stands for two."""
    assert len({page.CODE for page in FINDINGS}) == len({page.NAME for page in FINDINGS}) == len(FINDINGS)
    assert [page.CODE for page in FINDINGS] == sorted(page.CODE for page in FINDINGS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.NAME)
def test_a_page_begins_with_its_name_and_one_sentence(page: ModuleType) -> None:
    """The first line of a page is `NAME: sentence.`, and its module is called like it."""
    first = (page.__doc__ or "").strip().splitlines()[0]

    assert first.startswith(f"{page.NAME}: ")
    assert first.endswith(".")
    assert page.__name__.rpartition(".")[2] == page.NAME.replace("-", "_")
