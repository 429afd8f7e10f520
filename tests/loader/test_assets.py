"""The files that policies refer to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.loader.assets import Assets, Reference, load_assets, references


@dataclass(frozen=True)
class File:
    """A source as `load_assets` needs it."""

    path: str
    data: Any
    overlay: bool = False


def responding(path: str) -> File:
    return File("a.yaml", {"default": {"respond": {"template": path}}})


def test_every_mention_of_a_file_is_found() -> None:
    """Templates of effects and limits, JSON Schemas of gates and classifier files are mentions, in order."""
    data = {
        "rules": [
            {"name": "a", "then": {"respond": {"template": "a.txt"}}},
            {"name": "b", "then": {"limits": {"cost": {"max": "$1", "otherwise": {"respond": {"template": "b.txt"}}}}}},
        ],
        "default": {"respond": {"template": "c.txt"}},
        "cascades": {"k": {"steps": [{"accept": {"all": [{"output": {"json_schema": "d.json"}}]}}]}},
        "conditions": {"ok": {"output": {"json_schema": "e.json"}}},
        "classifiers": {"f": {"file": "f.json"}},
    }

    found = list(references(File("x.yaml", data)))

    template = ("respond", "template")
    assert found == [
        Reference(address=Address("x.yaml", ("rules", 0, "then", *template)), path="a.txt"),
        Reference(
            address=Address("x.yaml", ("rules", 1, "then", "limits", "cost", "otherwise", *template)), path="b.txt"
        ),
        Reference(address=Address("x.yaml", ("default", *template)), path="c.txt"),
        Reference(
            address=Address("x.yaml", ("cascades", "k", "steps", 0, "accept", "all", 0, "output", "json_schema")),
            path="d.json",
        ),
        Reference(address=Address("x.yaml", ("conditions", "ok", "output", "json_schema")), path="e.json"),
        Reference(address=Address("x.yaml", ("classifiers", "f", "file")), path="f.json"),
    ]


@pytest.mark.parametrize(
    "data",
    [
        None,
        ["x"],
        {"rules": {}, "default": 1, "classifiers": []},
        {"rules": [1, {"then": 2}, {"then": {"respond": "a"}}, {"then": {"respond": {"template": 1}}}]},
        {"rules": [{"when": {"attributes": {"template": "a.txt"}}, "examples": [{"respond": {"template": "b"}}]}]},
        {"default": {"respond": {"json": {"respond": {"template": "a.txt"}}}}},
        {"attributes": {"file": {"file": "a"}}, "conditions": {"c": {"attributes": {"template": "a.txt"}}}},
    ],
)
def test_nothing_else_is_a_mention(data: Any) -> None:
    """Attributes of these names, answers and malformed entries mention no file."""
    assert list(references(File("x.yaml", data))) == []


def test_files_are_read_once_and_sorted(tmp_path: Path) -> None:
    """Each file that is mentioned is there once, by its path."""
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "a.txt").write_bytes(b"hello \xff")
    (tmp_path / "z.txt").write_bytes(b"")

    assets = load_assets(str(tmp_path), [responding("z.txt"), responding("t/a.txt"), responding("t/a.txt")])

    assert assets == Assets(contents={"t/a.txt": b"hello \xff", "z.txt": b""}, findings=())


@pytest.mark.parametrize(
    ("path", "code", "name", "message", "help"),
    [
        (
            "templates/ordr_status.txt",
            "PE117",
            "missing-file",
            "there is no file `templates/ordr_status.txt` in the policy folder",
            "did you mean `templates/order_status.txt`?",
        ),
        (
            "order_status.txt",
            "PE117",
            "missing-file",
            "there is no file `order_status.txt` in the policy folder",
            "did you mean `templates/order_status.txt`?",
        ),
        (
            "x",
            "PE117",
            "missing-file",
            "there is no file `x` in the policy folder",
            "paths are relative to the policy folder, not to this file",
        ),
        (
            "../outside.txt",
            "PE116",
            "outside-folder",
            "`../outside.txt` has a part that is empty, `.` or `..`",
            "write the path relative to the policy folder, as in `templates/reply.txt`",
        ),
        (
            "/etc/passwd",
            "PE116",
            "outside-folder",
            "`/etc/passwd` is not a path relative to the policy folder, with `/`",
            "write the path relative to the policy folder, as in `templates/reply.txt`",
        ),
        (
            "templates\\a.txt",
            "PE116",
            "outside-folder",
            "`templates\\a.txt` is not a path relative to the policy folder, with `/`",
            "write the path relative to the policy folder, as in `templates/reply.txt`",
        ),
        (
            "",
            "PE116",
            "outside-folder",
            "a path is empty or not plain text",
            "write the path relative to the policy folder, as in `templates/reply.txt`",
        ),
        (
            "link.txt",
            "PE116",
            "outside-folder",
            "`link.txt` leads out of the policy folder",
            "write the path relative to the policy folder, as in `templates/reply.txt`",
        ),
        (
            "templates",
            "PE115",
            "unreadable-file",
            "`templates` is not a regular file",
            "check where it leads and who may read it",
        ),
        (
            "large.bin",
            "PE113",
            "file-too-large",
            "`large.bin` is larger than 4 MiB",
            "split it, or check that it is the right file",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told(
    tmp_path: Path, path: str, code: str, name: str, message: str, help: str
) -> None:
    """A mention that leads nowhere, out of the folder or to something too large is an error at the mention."""
    root = tmp_path / "policies"
    (root / "templates").mkdir(parents=True)
    (root / "templates" / "order_status.txt").write_text("x")
    (root / "large.bin").write_bytes(bytes(4 * 1024 * 1024 + 1))
    (tmp_path / "outside.txt").write_text("secret")
    (root / "link.txt").symlink_to("../outside.txt")

    assets = load_assets(str(root), [responding(path)])

    finding = Finding(
        code=code,
        name=name,
        severity=Severity.ERROR,
        message=message,
        address=Address("a.yaml", ("default", "respond", "template")),
        help=help,
    )
    assert assets == Assets(contents={}, findings=(finding,))
