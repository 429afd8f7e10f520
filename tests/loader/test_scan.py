"""Which files belong to a bundle."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from policy_engine.loader.faults import file_too_large, outside_folder, stray_overlay, unreadable_file
from policy_engine.loader.scan import Obstacle, Scan, is_policy_name, read_file, scan


def write(root: Path, paths: Iterable[str]) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("version: 1\n")


def test_yaml_files_are_found_in_order_of_path(tmp_path: Path) -> None:
    """All `*.yaml` and `*.yml` files below the folder belong to it, sorted by path with `/`; tests are told apart."""
    write(tmp_path, ["b.yaml", "a/z.yml", "a.yaml", "a/b/c.yaml", "notes.txt", "chat_test.yaml", "a/x_test.yml"])

    assert scan(str(tmp_path)) == Scan(
        paths=("a.yaml", "a/b/c.yaml", "a/z.yml", "b.yaml"), tests=("a/x_test.yml", "chat_test.yaml")
    )


@pytest.mark.parametrize(
    ("name", "is_policy"),
    [
        ("chat.yaml", True),
        ("chat.yml", True),
        ("latest.yaml", True),
        ("chat_test.yaml", False),
        (".chat.yaml", False),
        ("#chat.yaml", False),
        ("~chat.yaml", False),
        ("#chat.yaml#", False),
        ("chat.yaml~", False),
        (".chat.yaml.swp", False),
        ("chat.yaml.orig", False),
        ("chat.yaml___jb_tmp___", False),
        ("4913", False),
        (".#chat.yaml", False),
    ],
)
def test_tests_and_leftovers_are_no_policies(name: str, is_policy: bool) -> None:
    """Tests, hidden files and what editors leave behind do not belong to the bundle."""
    assert is_policy_name(name) is is_policy


def test_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    """No part of a path may start with a dot."""
    write(tmp_path, [".git/a.yaml", "x/.idea/b.yaml", "x/c.yaml"])

    assert scan(str(tmp_path)) == Scan(paths=("x/c.yaml",))


def test_only_the_chosen_environment_is_read(tmp_path: Path) -> None:
    """Of `overlays/`, one environment's folder counts; deeper folders of that name are ordinary."""
    write(tmp_path, ["a.yaml", "overlays/dev/b.yaml", "overlays/prod/c/d.yaml", "x/overlays/e.yaml"])

    assert scan(str(tmp_path), "prod") == Scan(
        paths=("a.yaml", "overlays/prod/c/d.yaml", "x/overlays/e.yaml"), environments=("dev", "prod")
    )
    assert scan(str(tmp_path)).paths == ("a.yaml", "x/overlays/e.yaml")


def test_a_file_beside_the_environments_is_told(tmp_path: Path) -> None:
    """A file directly in `overlays/` is read by nobody, which its author should know."""
    write(tmp_path, ["overlays/prod.yaml"])

    assert scan(str(tmp_path)).obstacles == (
        Obstacle(
            path="overlays/prod.yaml",
            fault=stray_overlay,
            message="`overlays/prod.yaml` belongs to no environment, so it is never read",
            help="move it into a folder named after the environment: `overlays/prod/prod.yaml`",
            is_error=False,
        ),
    )


def test_a_mounted_config_map_is_read_once(tmp_path: Path) -> None:
    """The links of a Kubernetes volume lead through hidden folders, and each file counts once, under its own name."""
    write(tmp_path, ["root/..2026_11_23/chat.yaml"])
    root = tmp_path / "root"
    (root / "..data").symlink_to("..2026_11_23")
    (root / "chat.yaml").symlink_to("..data/chat.yaml")
    (tmp_path / "link").symlink_to("root")

    assert scan(str(tmp_path / "link")) == Scan(paths=("chat.yaml",))


def test_two_names_of_one_file_count_once(tmp_path: Path) -> None:
    """A file that is reached by several paths is read at the first of them."""
    write(tmp_path, ["b.yaml"])
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "loop").symlink_to(".")

    assert scan(str(tmp_path)) == Scan(paths=("a.yaml",))


@pytest.mark.parametrize(("name", "target"), [("a.yaml", "outside/x.yaml"), ("folder", "outside")])
def test_links_may_not_leave_the_folder(tmp_path: Path, name: str, target: str) -> None:
    """A link that leads out of the folder is an error, and is not followed."""
    write(tmp_path, ["root/z.yaml", "outside/x.yaml"])
    (tmp_path / "root" / name).symlink_to(tmp_path / target)

    assert scan(str(tmp_path / "root")) == Scan(
        paths=("z.yaml",),
        obstacles=(
            Obstacle(
                path=name,
                fault=outside_folder,
                message=f"the link `{name}` leads out of the policy folder",
                help="put what it leads to into the folder",
            ),
        ),
    )


def test_a_name_that_is_not_text_is_told(tmp_path: Path) -> None:
    """A file whose name nobody could print is an error, shown as well as it can be."""
    write(tmp_path, ["a\nb.yaml"])

    assert [(o.fault, o.message) for o in scan(str(tmp_path)).obstacles] == [
        (unreadable_file, "`a\nb.yaml` has a name that is not plain text")
    ]


def test_a_vanished_file_is_nothing(tmp_path: Path) -> None:
    """A file that was there when listed and is gone when read does not belong to the bundle."""
    assert read_file(str(tmp_path), "gone.yaml", max_bytes=10) is None


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    """A dangling link is an error, since its author meant a file."""
    (tmp_path / "a.yaml").symlink_to("gone.yaml")

    assert read_file(str(tmp_path), "a.yaml", max_bytes=10) == Obstacle(
        path="a.yaml",
        fault=unreadable_file,
        message="`a.yaml` is a link that leads nowhere",
        help="check where it leads and who may read it",
    )


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """What is no regular file is told at once, without waiting for it."""
    os.mkfifo(tmp_path / "a.yaml")

    assert read_file(str(tmp_path), "a.yaml", max_bytes=10) == Obstacle(
        path="a.yaml",
        fault=unreadable_file,
        message="`a.yaml` is not a regular file",
        help="check where it leads and who may read it",
    )


@pytest.mark.parametrize(("size", "is_read"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_size_is_bounded(tmp_path: Path, size: int, is_read: bool) -> None:
    """A file up to the limit is read, a larger one is told."""
    content = b"x" * size
    (tmp_path / "a.yaml").write_bytes(content)
    refused = Obstacle(
        path="a.yaml",
        fault=file_too_large,
        message="`a.yaml` is larger than 1 MiB",
        help="split it, or check that it is the right file",
    )

    assert read_file(str(tmp_path), "a.yaml", max_bytes=1024 * 1024) == (content if is_read else refused)
