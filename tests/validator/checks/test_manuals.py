"""Every check's manual page shows what it says: Avoid is told, by this check alone, and Prefer is not."""

from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from policy_engine.validator.checks import CHECKS
from tests.validator.manual import completed, example, validated

PAGES = [cast(ModuleType, check) for check in CHECKS]
# What these tell is missing would be completed.
ALONE = ("PE329", "PE331")


@pytest.mark.parametrize("check", PAGES, ids=lambda check: check.NAME)
def test_what_to_avoid_is_told_by_this_check_alone(check: ModuleType, tmp_path: Path) -> None:
    """The example under Avoid has findings of this code and of no other."""
    files = example(check.__doc__ or "", "Avoid")
    found = validated(tmp_path, files if check.CODE in ALONE else completed(files)).findings

    assert {(finding.code, finding.name) for finding in found} == {(check.CODE, check.NAME)}, found


@pytest.mark.parametrize("check", PAGES, ids=lambda check: check.NAME)
def test_what_to_prefer_has_no_findings(check: ModuleType, tmp_path: Path) -> None:
    """The example under Prefer is clean."""
    files = example(check.__doc__ or "", "Prefer")
    found = validated(tmp_path, files if check.CODE in ALONE else completed(files)).findings

    assert found == ()


def test_codes_are_in_order_and_used_once() -> None:
    """The table of checks is sorted by code, and no code or name stands for two."""
    codes = [check.CODE for check in CHECKS]

    assert codes == sorted(set(codes))
    assert len({check.NAME for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize("check", PAGES, ids=lambda check: check.NAME)
def test_a_page_begins_with_its_name_and_one_sentence(check: ModuleType) -> None:
    """The first line of a page is `NAME: sentence.`, and its module is called like it."""
    first = (check.__doc__ or "").strip().splitlines()[0]

    assert first.startswith(f"{check.NAME}: ")
    assert first.endswith(".")
    assert check.__name__.rpartition(".")[2] == check.NAME.replace("-", "_")
