"""Tests of opening ledgers by address or with settings."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from policy_engine.ledger.open import Ledger, ledger_at, open_writer
from policy_engine.ledger.read import Reader
from tests.ledger.entries import AT_S, entry


def test_an_address_is_a_ledger_with_usual_settings(tmp_path: Path) -> None:
    """Settings that somebody made are taken as they are."""
    own = Ledger(address=tmp_path / "own.db", decisions=True)

    assert ledger_at("sqlite:///ledger.db") == Ledger(address="sqlite:///ledger.db")
    assert ledger_at(own) is own


def test_a_ledger_is_made_when_there_is_something_to_write(tmp_path: Path) -> None:
    """Opening one leaves nothing behind; its file is where the address says."""
    path = tmp_path / "deep" / "ledger.db"
    with closing(open_writer(ledger_at(f"sqlite:///{path}"))) as writer:
        before = path.exists()
        writer.record(entry("e1", at_s=AT_S * 2))
        writer.flush()

    assert not before
    with closing(Reader(path)) as reader:
        assert [record.id for record in reader.records()] == ["e1"]


@pytest.mark.parametrize("address", ["memory:", "redis://host", "sqlite://ledger.db", ""])
def test_only_a_file_can_be_a_ledger(address: str) -> None:
    """Another address is told when it is opened, not when the first record is lost."""
    with pytest.raises(ValueError, match="FILE"):
        ledger_at(Ledger(address=address))
