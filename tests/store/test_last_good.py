"""Tests of keeping the last known good sources."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from policy_engine.pipeline import build
from policy_engine.store.last_good import LastGood
from tests.store.bundles import bundle_text, write_bundle


def files_below(folder: str) -> dict[str, str]:
    """Contents of all files by path."""
    return {str(path.relative_to(folder)): path.read_text() for path in Path(folder).rglob("*") if path.is_file()}


def test_what_was_saved_is_found_again(tmp_path: Path) -> None:
    """The sources come back as they were, files referred to included."""
    folder = tmp_path / "policies"
    file = write_bundle(folder)
    (folder / "templates").mkdir()
    (folder / "templates" / "t.txt").write_text("hello")
    file.write_text(bundle_text().replace('{text: "one"}', "{template: templates/t.txt}"))
    (folder / "notes.md").write_text("not a source")
    keeper = LastGood(tmp_path / "state", str(folder), None)

    keeper.save(build(folder).bundle)

    with keeper.unpacked() as unpacked:
        assert unpacked is not None
        found = files_below(unpacked)
    assert found == {"policy.yaml": file.read_text(), "templates/t.txt": "hello"}
    assert not Path(unpacked).exists()


def test_saving_replaces_what_was_saved(tmp_path: Path) -> None:
    """One file is kept, and nothing beside it."""
    keeper = LastGood(tmp_path / "state", str(tmp_path / "policies"), None)
    for answer in ("one", "two"):
        write_bundle(tmp_path / "policies", answer)
        keeper.save(build(tmp_path / "policies").bundle)

    with keeper.unpacked() as unpacked:
        assert unpacked is not None
        assert files_below(unpacked) == {"policy.yaml": bundle_text("two")}
    assert list((tmp_path / "state").iterdir()) == [keeper.path]


def test_nothing_saved_is_nothing_found(tmp_path: Path) -> None:
    """Without a file there is no folder."""
    with LastGood(tmp_path, "policies", None).unpacked() as unpacked:
        assert unpacked is None


def test_folders_and_environments_are_kept_apart(tmp_path: Path) -> None:
    """A state folder can be shared."""
    paths = {LastGood(tmp_path, folder, env).path for folder in ("/a/p", "/b/p") for env in (None, "staging")}

    assert len(paths) == 4


def test_a_damaged_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    """What is no archive of sources is told as such."""
    keeper = LastGood(tmp_path, "policies", None)
    keeper.path.write_bytes(b"not a zip file")

    with pytest.raises(OSError, match="is damaged"), keeper.unpacked():
        pass


def test_nothing_is_unpacked_outside(tmp_path: Path) -> None:
    """A path that leads out of the folder stays in it."""
    keeper = LastGood(tmp_path / "state", "policies", None)
    keeper.path.parent.mkdir()
    with zipfile.ZipFile(keeper.path, "w") as archive:
        archive.writestr("../../evil.yaml", "x")

    with keeper.unpacked() as unpacked:
        assert unpacked is not None
        assert files_below(unpacked) == {"evil.yaml": "x"}
