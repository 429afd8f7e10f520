"""Tests of live policies while their folder changes in every way that file systems know."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from policy_engine.engine import Engine
from policy_engine.model.events import Event
from policy_engine.store.snapshot import Hindrance, Status
from tests.store.numbered import Reader, number_of, numbered_files, write_files
from tests.store.ways import WAYS, Way

LONG_S = 30


def becomes(engine: Engine, number: int) -> bool:
    """Whether an engine gets to decide by the policies of this number."""
    return engine.wait_for(lambda status: number_of(engine) == {number}, LONG_S)


def passes(engine: Engine, seconds: float) -> None:
    """Lets some time go by, in which the engine may do what it likes."""
    engine.wait_for(lambda status: False, seconds)


def pending_as(hindrance: Hindrance) -> object:
    """A predicate: whether this is pending."""
    return lambda status: status.pending is not None and status.pending.hindrance is hindrance


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_change_goes_live_whole(tmp_path: Path, way: Way) -> None:
    """However the files change, they are live soon, and no decision ever sees some of the old and some of the new."""
    if way.name == "check_out" and shutil.which("git") is None:
        pytest.skip("there is no git")
    way.begin(tmp_path)
    with Engine.open(tmp_path / way.folder) as engine, Reader(engine) as reader:
        for number in (2, 3):
            way.change(tmp_path, number)
            assert becomes(engine, number)

    assert reader.errors == []
    assert reader.mixed == []
    assert {number for numbers in reader.seen for number in numbers} <= {1, 2, 3}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell of writers")
def test_half_a_file_is_never_served(tmp_path: Path) -> None:
    """While a file is still being written, nothing changes, even if what is there already could be used."""
    write_files(tmp_path, numbered_files(1))
    text = numbered_files(1)["main.yaml"] + "# the end is near\n"
    with Engine.open(tmp_path) as engine:
        before = engine.status()
        with (tmp_path / "main.yaml").open("w") as writer:
            writer.write(text[: text.index("# the end")])
            writer.flush()
            passes(engine, 0.5)
            during = engine.status()
            writer.write("# the end")
        assert engine.wait_for(lambda status: status.generation == 2, LONG_S)

    assert during.generation == before.generation
    assert during.pending is None


def test_fifty_edits_a_second_starve_nobody(tmp_path: Path) -> None:
    """While a file is edited without pause, some edits go live; when that ends, the last one is live soon."""
    write_files(tmp_path, numbered_files(1))
    main = numbered_files(1)["main.yaml"]
    with Engine.open(tmp_path) as engine, Reader(engine) as reader:
        for edit in range(150):
            (tmp_path / "main.yaml").write_text(f"{main}# edit {edit}\n")
            passes(engine, 0.02)
        amid = engine.status().generation
        write_files(tmp_path, numbered_files(2))
        assert becomes(engine, 2)

    assert amid > 1
    assert reader.errors == []
    assert reader.mixed == []


def test_a_deleted_file_takes_its_rules_along(tmp_path: Path) -> None:
    """A rule is gone once its file is, if most of the others are there."""
    write_files(tmp_path, numbered_files(1))
    with Engine.open(tmp_path) as engine:
        (tmp_path / "part3" / "f3.yaml").unlink()

        assert engine.wait_for(lambda status: "part3/f3.yaml" not in status.files, LONG_S)


def test_a_new_folder_is_noticed(tmp_path: Path) -> None:
    """A folder that came later is watched like the others."""
    write_files(tmp_path, numbered_files(1))
    with Engine.open(tmp_path) as engine:
        for name in ("deep/er/first.yaml", "deep/er/second.yaml"):
            write_files(tmp_path, {name: numbered_files(1, count=9)["part8/f8.yaml"].replace("f8", Path(name).stem)})

            assert engine.wait_for(lambda status, name=name: name in status.files, LONG_S)


def test_a_broken_save_changes_nothing_and_is_explained(tmp_path: Path) -> None:
    """The old policies serve on; the status names file, line and column until the file is mended."""
    write_files(tmp_path, numbered_files(1))
    events: list[Event] = []
    with Engine.open(tmp_path, on_event=events.append) as engine, Reader(engine) as reader:
        write_files(tmp_path, {"main.yaml": numbered_files(2)["main.yaml"].replace("route: only", "route: olny")})
        assert engine.wait_for(pending_as(Hindrance.INVALID), LONG_S)
        broken = engine.status()
        write_files(tmp_path, numbered_files(3))
        assert becomes(engine, 3)
        mended = engine.status()

    assert broken.generation == 1
    assert broken.pending is not None
    assert broken.pending.reason.startswith(f"{tmp_path}/main.yaml:16:18: error[PE301] unknown tier")
    assert mended.pending is None
    assert reader.mixed == []
    assert [event.name for event in events] == ["reload.succeeded", "reload.failed", "reload.succeeded"]


def test_a_missing_file_of_a_template_is_explained_and_awaited(tmp_path: Path) -> None:
    """A file that policies refer to goes live when it comes, although it is no policy file."""
    files = numbered_files(2)
    write_files(tmp_path, numbered_files(1))
    with Engine.open(tmp_path) as engine:
        (tmp_path / "templates" / "greeting.txt").unlink()
        assert engine.wait_for(pending_as(Hindrance.INVALID), LONG_S)

        write_files(tmp_path, files)
        assert becomes(engine, 2)


@pytest.mark.parametrize("emptied", ["emptied", "deleted"])
def test_an_emptied_or_deleted_folder_changes_nothing(tmp_path: Path, emptied: str) -> None:
    """Policies whose files are all gone serve on, and come back when the files do."""
    folder = tmp_path / "policies"
    write_files(folder, numbered_files(1))

    def is_told(status: Status) -> bool:
        return status.pending is not None

    with Engine.open(folder) as engine, Reader(engine) as reader:
        shutil.rmtree(folder)
        if emptied == "emptied":
            folder.mkdir()
        assert engine.wait_for(is_told, LONG_S)
        during = number_of(engine)
        write_files(folder, numbered_files(2))
        assert becomes(engine, 2)

    assert during == {1}
    assert reader.errors == []
    assert reader.mixed == []
