"""The hash of a bundle."""

from __future__ import annotations

import re

import pytest

from policy_engine.loader.revision import revision_of

BASE = revision_of("prod", {"a.yaml": b"x", "b.yaml": b"y"})


def test_a_revision_does_not_depend_on_order() -> None:
    """Equal contents have the same revision, however they were collected."""
    assert revision_of("prod", {"b.yaml": b"y", "a.yaml": b"x"}) == BASE
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", BASE)


@pytest.mark.parametrize(
    "other",
    [
        revision_of(None, {"a.yaml": b"x", "b.yaml": b"y"}),
        revision_of("dev", {"a.yaml": b"x", "b.yaml": b"y"}),
        revision_of("prod", {"a.yaml": b"x", "b.yaml": b"z"}),
        revision_of("prod", {"a.yaml": b"x", "c.yaml": b"y"}),
        revision_of("prod", {"a.yaml": b"y", "b.yaml": b"x"}),
        revision_of("prod", {"a.yaml": b"xb.yaml", "": b"y"}),
        revision_of("prod", {"a.yaml": b"x"}),
        revision_of("prod", {"a.yaml": b"x"}, extra={"b.yaml": b"y"}),
        revision_of("prod", {"a.yaml": b"x", "b.yaml": b"y"}, extra={"prices": b"1"}),
    ],
)
def test_whatever_is_loaded_counts(other: str) -> None:
    """Environment, paths, contents and what comes from outside each change the revision."""
    assert other != BASE
