"""Tests of finding where links can be changed."""

from __future__ import annotations

from pathlib import Path

from policy_engine.store.links import Links, nearest_folder


def test_a_path_without_links_has_no_such_folders(tmp_path: Path) -> None:
    """Where no link is on the way, none can be changed."""
    (tmp_path / "a").mkdir()

    assert Links().folders_on_the_way(str(tmp_path / "a" / "b")) == set()


def test_every_hop_is_followed(tmp_path: Path) -> None:
    """Absolute and relative links, links to links and steps up are followed to the end."""
    for name in ("x", "y/deep", "z"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "x" / "first").symlink_to("../y/deep/second")
    (tmp_path / "y" / "deep" / "second").symlink_to(tmp_path / "z")

    folders = Links().folders_on_the_way(str(tmp_path / "x" / "first" / "file.yaml"))

    assert folders == {str(tmp_path / "x"), str(tmp_path / "y" / "deep")}


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    """Links that lead to each other are given up on."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert Links().folders_on_the_way(str(tmp_path / "a")) == {str(tmp_path)}


def test_the_nearest_folder_is_found(tmp_path: Path) -> None:
    """A folder is its own nearest; for what is not there it is the first above that is."""
    assert nearest_folder(str(tmp_path)) == str(tmp_path)
    assert nearest_folder(str(tmp_path / "a" / "b")) == str(tmp_path)
