"""Tests of opening states by address."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy_engine.state.memory import MemoryState
from policy_engine.state.open import file_of, open_state
from policy_engine.state.redis import RedisState
from policy_engine.state.sqlite import SqliteState


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("sqlite:///state.db", "state.db"),
        ("sqlite:////var/lib/state.db", "/var/lib/state.db"),
        ("SQLite:///C:/state.db", "C:/state.db"),
        ("state.db", "state.db"),
        ("/var/lib/state.db", "/var/lib/state.db"),
        ("C:\\state.db", "C:\\state.db"),
        (Path("/var/lib/state.db"), "/var/lib/state.db"),
    ],
)
def test_an_address_names_a_file(address: str | Path, file: str) -> None:
    """Three strokes before a relative path, four before one from the root, or the path alone."""
    assert file_of(address) == file


def test_a_state_is_what_its_address_says(tmp_path: Path) -> None:
    """Memory, a server, or a file, which is made on first use and shared by all who open it."""
    address = f"sqlite:///{tmp_path}/deep/state.db"
    state, other = open_state(address), open_state(tmp_path / "deep" / "state.db")

    assert not (tmp_path / "deep").exists()
    state.put("key", b"value", now_s=0, until_s=10)

    assert isinstance(open_state("memory:"), MemoryState)
    assert isinstance(open_state("redis://127.0.0.1"), RedisState)
    assert isinstance(open_state("REDISS://127.0.0.1:7000/3"), RedisState)
    assert isinstance(state, SqliteState)
    assert other.get("key", now_s=5) == b"value"
    state.close()
    other.close()


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("mysql://u:secret@host/db", "a state cannot be at `mysql:`; give memory:, a path, or sqlite:///FILE"),
        ("sqlite://state.db", "the address names no file; give a path, or sqlite:///FILE"),
        ("sqlite:///", "the address names no file"),
        ("", "the address names no file"),
    ],
)
def test_what_is_no_address_is_said(address: str, reason: str) -> None:
    """A mistake names what can be given instead, and never quotes an address that may hold a password."""
    with pytest.raises(ValueError, match="^" + reason.replace("?", r"\?")) as raised:
        open_state(address)

    assert "secret" not in str(raised.value)
