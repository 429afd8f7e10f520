"""The joining of files and of an environment's overlay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from policy_engine.diagnostics import Address, Part
from policy_engine.loader.overlay import Entry, merge


@dataclass(frozen=True)
class File:
    """A source as `merge` needs it."""

    path: str
    data: Any
    overlay: bool = False


def test_sections_are_joined_in_order_of_file_and_position() -> None:
    """Entries of a section stand in order of file path, then of their place in the file."""
    b = File("b.yaml", {"rules": [{"name": "x"}], "models": {"m": {}, "k": {}}})
    a = File("a.yaml", {"rules": [{"name": "z"}, {"name": "y"}], "tasks": ["t"], "default": {"route": "m"}})

    merged = merge([b, a])

    assert [(entry.name, entry.order) for entry in merged["rules"]] == [
        ("z", ("a.yaml", 0)),
        ("y", ("a.yaml", 1)),
        ("x", ("b.yaml", 0)),
    ]
    assert [entry.name for entry in merged["models"]] == ["m", "k"]
    assert [entry.value for entry in merged["tasks"]] == ["t"]
    assert [entry.value for entry in merged["default"]] == [{"route": "m"}]
    assert merged["caches"] == ()


def test_an_entry_knows_where_it_and_its_name_are() -> None:
    """A rule's name is a value of its own, an entry of a mapping is named by its key."""
    merged = merge([File("a.yaml", {"rules": [{"name": "x"}], "models": {"m": 1}})])

    assert merged.sections == {
        "rules": (
            Entry(
                section="rules",
                name="x",
                value={"name": "x"},
                address=Address("a.yaml", ("rules", 0)),
                order=("a.yaml", 0),
            ),
        ),
        "models": (
            Entry(
                section="models",
                name="m",
                value=1,
                address=Address("a.yaml", ("models", "m")),
                order=("a.yaml", 0),
            ),
        ),
    }
    (rule,), (model,) = merged["rules"], merged["models"]
    assert (rule.name_address, rule.name_part) == (Address("a.yaml", ("rules", 0, "name")), Part.VALUE)
    assert (model.name_address, model.name_part) == (Address("a.yaml", ("models", "m")), Part.KEY)


def test_an_overlay_replaces_an_entry_in_its_place() -> None:
    """The entry of an environment takes the place of the base entry of its name, whole."""
    base = File("z.yaml", {"rules": [{"name": "x", "then": 1}, {"name": "y", "when": 2}]})
    overlay = File("overlays/prod/a.yaml", {"rules": [{"name": "new"}, {"name": "x", "then": 3}]}, overlay=True)

    rules = merge([overlay, base])["rules"]

    assert [(e.name, e.value, e.order, e.address.path, e.is_overlay, e.replaces) for e in rules] == [
        ("new", {"name": "new"}, ("overlays/prod/a.yaml", 0), "overlays/prod/a.yaml", True, None),
        (
            "x",
            {"name": "x", "then": 3},
            ("z.yaml", 0),
            "overlays/prod/a.yaml",
            True,
            Address("z.yaml", ("rules", 0)),
        ),
        ("y", {"name": "y", "when": 2}, ("z.yaml", 1), "z.yaml", False, None),
    ]


def test_an_overlay_replaces_a_value_of_the_whole_bundle() -> None:
    """`default` and its like are replaced as named entries are."""
    base = File("a.yaml", {"default": {"route": "m"}})
    overlay = File("overlays/prod/a.yaml", {"default": {"route": "k"}}, overlay=True)

    assert [entry.value for entry in merge([base, overlay])["default"]] == [{"route": "k"}]


def test_duplicates_stay_side_by_side() -> None:
    """Two base entries, or two overlay entries, of one name are both there for a check to find."""
    base = [File("a.yaml", {"models": {"m": 1}}), File("b.yaml", {"models": {"m": 2, "k": 3}})]
    overlays = [File(f"overlays/p/{name}.yaml", {"models": {"k": name}}, overlay=True) for name in "ab"]

    models = merge([*base, *overlays])["models"]

    assert [(entry.name, entry.value) for entry in models] == [("m", 1), ("m", 2), ("k", "a"), ("k", "b")]


def test_what_is_not_formed_like_a_section_is_passed_over() -> None:
    """Malformed sections and items are somebody else's finding; the positions of the others stay."""
    files = [
        File("a.yaml", {"rules": [7, {"name": "x"}, {"when": 1}], "models": [1], "tasks": [1, "t"]}),
        File("b.yaml", ["not a mapping"]),
        File("c.yaml", None),
    ]

    merged = merge(files)

    assert [(e.section, e.name, e.order) for section in merged.sections.values() for e in section] == [
        ("rules", "x", ("a.yaml", 1)),
        ("rules", "", ("a.yaml", 2)),
        ("tasks", "t", ("a.yaml", 1)),
    ]
