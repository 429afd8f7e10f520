"""Tests of looking at a folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from policy_engine.store.scan import FRESH_NS, MAX_FILE_BYTES, Scanner

LATER_NS = 4 * FRESH_NS


def test_equal_contents_have_equal_digests(tmp_path: Path) -> None:
    """The digest depends on paths and contents alone."""
    for name in ("a", "b"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "chat.yaml").write_text("version: 1")

    one, other = Scanner(str(tmp_path / "a")).scan(), Scanner(str(tmp_path / "b")).scan()

    assert one.digest == other.digest
    assert one.files == {"sub/chat.yaml": hashlib.sha256(b"version: 1").hexdigest()}


def test_a_changed_content_shows(tmp_path: Path) -> None:
    """A file with other content gives another digest, and is named as the change."""
    file = tmp_path / "chat.yaml"
    file.write_text("version: 1")
    (tmp_path / "models.yaml").write_text("version: 1")
    scanner = Scanner(str(tmp_path))
    before = scanner.scan()

    file.write_text("version: 2")
    after = scanner.scan()

    assert after.digest != before.digest
    assert after.changes_since(before) == {"chat.yaml"}
    assert not after.agrees_with(before)


def test_a_change_that_was_undone_shows(tmp_path: Path) -> None:
    """A file that was replaced by its like has the same digest, but the looks do not agree."""
    file = tmp_path / "chat.yaml"
    file.write_text("version: 1")
    scanner = Scanner(str(tmp_path))
    before = scanner.scan()

    (tmp_path / "aside").write_text("version: 1")
    (tmp_path / "aside").replace(file)
    after = scanner.scan()

    assert after.digest == before.digest
    assert not after.agrees_with(before)


def test_a_change_shows_even_if_size_and_times_do_not(tmp_path: Path) -> None:
    """A file that changed again within the grain of its times, soon after it was read, is read again."""
    file = tmp_path / "chat.yaml"
    file.write_text("version: 1")
    times = file.stat()
    scanner = Scanner(str(tmp_path))
    before = scanner.scan()

    file.write_text("version: 2")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert scanner.scan().digest != before.digest


def test_an_old_file_is_not_read_again(tmp_path: Path) -> None:
    """A file whose size, times and inode stay is taken to be the same, once its last change is long ago."""
    (tmp_path / "chat.yaml").write_text("version: 1")
    (tmp_path / "new.yaml").symlink_to("chat.yaml")
    newest_ns = (tmp_path / "chat.yaml").stat().st_ctime_ns
    scanner = Scanner(str(tmp_path), now_ns=lambda: newest_ns + LATER_NS)
    scanner.scan()

    read = dict(scanner._read)
    scanner.scan()

    assert all(scanner._read[path] is known for path, known in read.items())


def test_every_content_is_read_on_demand(tmp_path: Path) -> None:
    """A thorough look takes no file for known."""
    (tmp_path / "chat.yaml").write_text("version: 1")
    newest_ns = (tmp_path / "chat.yaml").stat().st_ctime_ns
    scanner = Scanner(str(tmp_path), now_ns=lambda: newest_ns + LATER_NS)
    before = scanner.scan()
    known = scanner._read["chat.yaml"]

    after = scanner.scan_every_content()

    assert after.agrees_with(before)
    assert scanner._read["chat.yaml"] is not known


def test_what_no_bundle_uses_does_not_count(tmp_path: Path) -> None:
    """Logs, notes, dot-files, dot-folders and editors' leftovers change nothing."""
    (tmp_path / "chat.yaml").write_text("version: 1")
    scanner = Scanner(str(tmp_path))
    before = scanner.scan()

    for name in ("app.log", "README.md", ".chat.yaml.swp", "chat.yaml~", "#chat.yaml", ".hidden.yaml", "4913"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.yaml").write_text("x")

    assert scanner.scan().digest == before.digest


def test_files_referred_to_count(tmp_path: Path) -> None:
    """A file that policies refer to counts whatever its name, from before it is there."""
    (tmp_path / "chat.yaml").write_text("version: 1")
    scanner = Scanner(str(tmp_path))
    scanner.referred = frozenset({"templates/reply.txt"})
    before = scanner.scan()

    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "reply.txt").write_text("hello")
    after = scanner.scan()

    assert after.changes_since(before) == {"templates/reply.txt"}


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """A missing folder is looked at without complaint, and watched for at the nearest folder above it."""
    scan = Scanner(str(tmp_path / "not" / "there")).scan()

    assert scan.files == {}
    assert {place.path for place in scan.places} == {str(tmp_path)}


def test_links_that_lead_in_circles_end(tmp_path: Path) -> None:
    """A folder that is reached twice counts once."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "chat.yaml").write_text("version: 1")
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "self.yaml").symlink_to("self.yaml")

    assert sorted(Scanner(str(tmp_path)).scan().files) == ["self.yaml", "sub/chat.yaml"]


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    """What is no regular file is not read."""
    os.mkfifo(tmp_path / "pipe.yaml")

    assert Scanner(str(tmp_path)).scan().files == {"pipe.yaml": "no regular file"}


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """Size and time stand in for the content of a file that no bundle may hold."""
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)

    assert Scanner(str(tmp_path)).scan().files["huge.yaml"].startswith(f"large: {MAX_FILE_BYTES + 1} ")


def test_every_folder_that_matters_is_watched(tmp_path: Path) -> None:
    """The folder, those below it, its parent, and the parent of every link on the way to it and out of it."""
    (tmp_path / "releases" / "7" / "policies" / "sub").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "chat.yaml").write_text("version: 1")
    (tmp_path / "releases" / "7" / "policies" / "chat.yaml").symlink_to(tmp_path / "shared" / "chat.yaml")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "current").symlink_to("../releases/7")

    scan = Scanner(str(tmp_path / "app" / "current" / "policies")).scan()

    root = tmp_path / "app" / "current" / "policies"
    real = tmp_path / "releases" / "7"
    paths = {root, root / "sub", root.parent, real, real / "policies", tmp_path / "app", tmp_path / "shared"}
    assert {place.path for place in scan.places} == {str(path) for path in paths}


def test_a_folder_that_was_replaced_is_another_place(tmp_path: Path) -> None:
    """A new folder under the old name is told apart, although its content is the same."""
    folder = tmp_path / "policies"
    folder.mkdir()
    scanner = Scanner(str(folder))
    before = scanner.scan()

    folder.rename(tmp_path / "old")
    folder.mkdir()
    after = scanner.scan()

    assert after.digest == before.digest
    assert after.places != before.places
    assert not after.agrees_with(before)
