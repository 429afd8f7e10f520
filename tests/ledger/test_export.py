"""Tests of the export to Parquet."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_engine.errors import MissingExtra
from policy_engine.ledger.describe import record_of
from policy_engine.ledger.export import export_parquet
from tests.ledger.entries import entry

needs_duckdb = pytest.mark.skipif(importlib.util.find_spec("duckdb") is None, reason="duckdb is not installed")


@pytest.fixture
def without_duckdb() -> Iterator[None]:
    """An interpreter that finds no duckdb."""
    had = sys.modules.get("duckdb")
    sys.modules["duckdb"] = None  # type: ignore[assignment]  # which is how Python is told not to find a module
    yield
    del sys.modules["duckdb"]
    if had is not None:
        sys.modules["duckdb"] = had


def rows(query: str, path: Path) -> list[Any]:
    """What a query says of a Parquet file."""
    import duckdb

    with duckdb.connect() as connection:
        return connection.execute(query, [str(path)]).fetchall()


@needs_duckdb
def test_records_and_calls_are_exported(tmp_path: Path) -> None:
    """Requests and calls are two tables, with exact money, moments, lists, and mappings as JSON."""
    record = replace(record_of(entry()), shadow={"equal": True})

    requests, calls = export_parquet(iter([record]), tmp_path / "it's here")

    assert (requests, calls) == (tmp_path / "it's here" / "requests.parquet", tmp_path / "it's here" / "calls.parquet")
    assert rows('SELECT id, at_utc, cost_usd, "limit", tags, attributes, shadow FROM read_parquet(?)', requests) == [
        (
            "e1",
            datetime(2025, 11, 24, 16, 0, 0, 250_000),
            Decimal("1.1000001234"),
            "escalations",
            ["paid"],
            '{"email":"jo@example.org"}',
            '{"equal":true}',
        )
    ]
    assert rows("SELECT request, position, model, input_tokens, cost_usd, failure FROM read_parquet(?)", calls) == [
        ("e1", 0, "mini", 8, Decimal("0.0000001234"), None),
        ("e1", 1, "sonnet", None, Decimal(0), "server"),
        ("e1", 2, "opus", None, Decimal("1.10"), None),
    ]


@needs_duckdb
def test_an_empty_ledger_is_exported(tmp_path: Path) -> None:
    """Without records there are two tables without rows."""
    requests, calls = export_parquet((), tmp_path)

    assert [rows("SELECT count(*) FROM read_parquet(?)", path) for path in (requests, calls)] == [[(0,)], [(0,)]]


def test_without_duckdb_the_extra_is_named(without_duckdb: None, tmp_path: Path) -> None:
    """Whoever lacks the library is told what to install."""
    with pytest.raises(MissingExtra) as caught:
        export_parquet((), tmp_path)

    assert (caught.value.feature, caught.value.extra) == ("export to Parquet", "parquet")
