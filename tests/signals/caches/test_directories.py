"""Tests of what outlives the policies that declare a cache."""

from __future__ import annotations

from policy_engine.signals.caches.directories import Directories
from policy_engine.state.memory import MemoryState


def test_a_cache_finds_its_entries_again_after_a_reload() -> None:
    """A cache of the next policies has the same entries in memory; one that is declared no more has none."""
    directories = Directories(MemoryState())
    first = directories.of("support", "hashed/1", ttl_s=1)
    other = directories.of("sales", "hashed/1", ttl_s=1)
    directories.only(["support"])

    assert directories.of("support", "hashed/1", ttl_s=1) is first
    assert directories.of("sales", "hashed/1", ttl_s=1) is not other


def test_another_embedder_begins_anew() -> None:
    """A cache whose embedder changed lets go of the entries that the old one made."""
    directories = Directories(MemoryState())
    first = directories.of("support", "hashed/1", ttl_s=1)
    directories.of("support", "minilm@1", ttl_s=1)

    assert directories.of("support", "hashed/1", ttl_s=1) is not first
