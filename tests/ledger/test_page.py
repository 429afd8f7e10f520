"""The page about the ledger names every column that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from policy_engine.ledger.schema import CALL_FIELDS, RECORD_FIELDS

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")


def columns_in(heading: str) -> list[str]:
    """The columns that the table under a heading names, sorted."""
    section = PAGE.split(f"### {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    named = (re.findall(r"`(\w+)`", row.split("|")[1]) for row in section.splitlines() if row.startswith("| `"))
    return sorted(name for names in named for name in names)


def test_the_page_names_all_columns() -> None:
    """What a person reads about the tables is what is in them."""
    assert columns_in("Requests") == sorted([*RECORD_FIELDS, "shadow"])
    assert columns_in("Calls") == sorted(["request", *CALL_FIELDS])
