"""YAML of other programs is read as they mean it, and what we write is read back by our own loader as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_engine.loader.bundle import load
from policy_engine.loader.foreign import read_foreign, to_yaml

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    st.sampled_from(
        ["no", "0042", "1e3", "2026-12-24", "~", "null", "y", "1_000", "0x1F", ".5", "a: b", "# c", "a\nb\n"]
    ),
    st.sampled_from(
        [r"(?i)\bx\b", "'", '"', " padded ", "- a", "${KEY}", "*", "&a", "!b", "%", "@", "`", "\u2028", "no\n"]
    ),
)
DATA = st.recursive(
    st.one_of(TEXTS, st.integers(-(10**12), 10**12), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3), st.dictionaries(TEXTS, inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def test_what_our_policies_refuse_is_read() -> None:
    """Nulls, merge keys and dates are no matter in other people's files."""
    data = read_foreign("a: ~\nb: &b {c: 1}\nd: {<<: *b, e: yes}\n")

    assert data == {"a": None, "b": {"c": 1}, "d": {"c": 1, "e": True}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1\nb: 2", "line 2, column 2: "),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("a: &a [1]\nb: [" + "*a, " * 1001 + "1]", "it holds more than 1,000 aliases"),
        (" " * (8 * 1024 * 1024 + 1), "characters"),
    ],
)
def test_what_is_no_yaml_or_a_bomb_is_refused(text: str, reason: str) -> None:
    """The place is told where there is one."""
    with pytest.raises(ValueError, match=reason):
        read_foreign(text)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(DATA)
def test_what_is_written_is_read_back(data: Any) -> None:
    """Texts stay texts and numbers numbers, in YAML 1.1 as in 1.2."""
    assert read_foreign(to_yaml({"x": data})) == {"x": data}


def test_our_loader_reads_what_is_written(tmp_path: Path) -> None:
    """Texts that look like something else are texts in a policy, too."""
    odd = ["no", "0042", "1e3", "2026-12-24", "null", "0x1F", ".5", "~", r"(?i)\bx\b", "a: b", "two\nlines\n", "值"]
    (tmp_path / "a.yaml").write_text(to_yaml({"version": 1, "tasks": odd}), encoding="utf-8")

    bundle = load(tmp_path)

    assert [one.headline() for one in bundle.diagnostics] == []
    assert bundle.files[0].data["tasks"] == odd
