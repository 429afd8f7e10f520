"""The loading of a folder."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_engine.diagnostics import (
    Address,
    Diagnostic,
    Finding,
    Part,
    Position,
    Related,
    RelatedAddress,
    Severity,
    Span,
)
from policy_engine.errors import BundleNotFound
from policy_engine.loader import load
from policy_engine.loader.revision import revision_of

NOWHERE = Position(1, 1)


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def test_a_folder_becomes_a_bundle(tmp_path: Path) -> None:
    """Files, what they refer to and the revision over both are in the bundle."""
    policy = "default: {respond: {template: t/a.txt}}\n"
    root = write(tmp_path, {"a.yaml": policy, "t/a.txt": "hi", "overlays/prod/b.yaml": "version: 1\n", "x.md": "x"})

    bundle = load(root, "prod")

    assert [(file.path, file.text, file.data, file.overlay) for file in bundle.files] == [
        ("a.yaml", policy, {"default": {"respond": {"template": "t/a.txt"}}}, False),
        ("overlays/prod/b.yaml", "version: 1\n", {"version": 1}, True),
    ]
    assert bundle.assets == {"t/a.txt": b"hi"}
    contents = {"a.yaml": policy.encode(), "overlays/prod/b.yaml": b"version: 1\n", "t/a.txt": b"hi"}
    assert bundle.revision == revision_of("prod", contents)
    assert bundle.revision_with({"prices": b"1"}) == revision_of("prod", contents, extra={"prices": b"1"})
    assert bundle.diagnostics == ()


def test_places_are_shown_below_the_folder_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path in a diagnostic is the one that the author would type."""
    write(tmp_path, {"policies/chat.yaml": "a: ~\n"})
    monkeypatch.chdir(tmp_path)

    shown = [load(folder).diagnostics[0].span.path for folder in ("policies", "policies/", "./policies")]
    from_inside = load(Path("policies"), display_root="git:HEAD:policies").diagnostics[0].span.path
    monkeypatch.chdir(tmp_path / "policies")

    assert shown == ["policies/chat.yaml"] * 3
    assert from_inside == "git:HEAD:policies/chat.yaml"
    assert load(".").diagnostics[0].span.path == "chat.yaml"


def test_one_broken_file_does_not_hide_another(tmp_path: Path) -> None:
    """Every file's diagnostics are there, sorted by place, and the sound files are read."""
    write(tmp_path, {"a.yaml": "a: b: c\n", "b.yaml": b"a: \xff\n", "c.yaml": "a: ~\nb: 1\n"})

    bundle = load(tmp_path, display_root="p")

    assert [(d.code, d.span.path) for d in bundle.diagnostics] == [
        ("PE101", "p/a.yaml"),
        ("PE114", "p/b.yaml"),
        ("PE103", "p/c.yaml"),
    ]
    assert [file.data for file in bundle.files] == [None, None, {"b": 1}]


def test_a_missing_file_is_told_at_its_mention(tmp_path: Path) -> None:
    """A reference to a file that is not there is placed at the path."""
    write(tmp_path, {"a.yaml": "default:\n  respond: {template: 'b.txt'}\n"})

    assert load(tmp_path, display_root="p").diagnostics == (
        Diagnostic(
            code="PE117",
            name="missing-file",
            severity=Severity.ERROR,
            message="there is no file `b.txt` in the policy folder",
            span=Span("p/a.yaml", Position(2, 23), Position(2, 30)),
            yaml_path="$.default.respond.template",
            help="paths are relative to the policy folder, not to this file",
        ),
    )


def test_what_cannot_be_read_is_told_and_the_rest_is_loaded(tmp_path: Path) -> None:
    """A link that leads nowhere is a diagnostic about its path."""
    write(tmp_path, {"a.yaml": "version: 1\n"})
    (tmp_path / "b.yaml").symlink_to("gone.yaml")

    bundle = load(tmp_path, display_root="p")

    assert [file.path for file in bundle.files] == ["a.yaml"]
    assert bundle.diagnostics == (
        Diagnostic(
            code="PE115",
            name="unreadable-file",
            severity=Severity.ERROR,
            message="`b.yaml` is a link that leads nowhere",
            span=Span("p/b.yaml", NOWHERE, NOWHERE),
            help="check where it leads and who may read it",
        ),
    )


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without policy files is no bundle to decide with."""
    write(tmp_path, {"notes.txt": "x", "a_test.yaml": "cases: []\n"})

    assert load(tmp_path, display_root="p").diagnostics == (
        Diagnostic(
            code="PE120",
            name="empty-bundle",
            severity=Severity.ERROR,
            message="the folder holds no policy files",
            span=Span("p", NOWHERE, NOWHERE),
            help="check the path; policies are `*.yaml` or `*.yml` files, tests are not counted",
        ),
    )


def test_a_misspelt_environment_is_a_warning(tmp_path: Path) -> None:
    """An environment without a folder, where others have one, is pointed out."""
    write(tmp_path, {"a.yaml": "version: 1\n", "overlays/production/b.yaml": "version: 1\n"})

    assert load(tmp_path, "prodution", display_root="p").diagnostics == (
        Diagnostic(
            code="PE122",
            name="unknown-environment",
            severity=Severity.WARNING,
            message="no folder `overlays/prodution` exists, so the base policies are used as they are",
            span=Span("p", NOWHERE, NOWHERE),
            help="did you mean `production`?",
        ),
    )


def test_an_environment_needs_no_folder_where_none_has_one(tmp_path: Path) -> None:
    """Without overlays, the name of the environment only counts for the revision."""
    write(tmp_path, {"a.yaml": "version: 1\n"})

    bundle = load(tmp_path, "prod")

    assert bundle.diagnostics == ()
    assert bundle.revision != load(tmp_path).revision


@pytest.mark.parametrize("env", ["", "..", "a/b", "a\\b"])
def test_an_environment_is_a_folder_name(tmp_path: Path, env: str) -> None:
    """A name that could lead elsewhere is the caller's mistake."""
    with pytest.raises(ValueError, match="an environment is named like a folder"):
        load(tmp_path, env)


@pytest.mark.parametrize("name", ["gone", "file"])
def test_no_folder_is_an_exception(tmp_path: Path, name: str) -> None:
    """Where there is no folder there is nothing to point at, so the caller is told."""
    write(tmp_path, {"file": "x"})

    with pytest.raises(BundleNotFound) as raised:
        load(tmp_path / name)

    assert raised.value.folder == str(tmp_path / name)


def test_unchanged_files_are_taken_over(tmp_path: Path) -> None:
    """A file whose path and content are the same as before is the same object."""
    write(tmp_path, {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"})
    before = load(tmp_path)
    write(tmp_path, {"b.yaml": "b: 2\n", "c.yaml": "a: 1\n"})

    after = load(tmp_path, previous=before)

    assert after.files[0] is before.files[0]
    assert [file.data for file in after.files] == [{"a": 1}, {"b": 2}, {"a": 1}]
    assert after.revision == load(tmp_path).revision


def test_files_shown_elsewhere_are_not_taken_over(tmp_path: Path) -> None:
    """Diagnostics name the folder as it is given now."""
    write(tmp_path, {"a.yaml": "a: ~\n"})
    before = load(tmp_path, display_root="old")

    assert load(tmp_path, previous=before, display_root="new").diagnostics[0].span.path == "new/a.yaml"


def test_findings_are_placed_in_policies_and_other_files(tmp_path: Path) -> None:
    """A finding gets line and column in whatever file of the bundle it is about, with its related places."""
    policy = "tasks: [a, ~, bb]\nclassifiers: {c: {file: c.json}}\n"
    root = write(tmp_path, {"a.yaml": policy, "c.json": '{\n  "labels": ["x"]\n}\n'})
    bundle = load(root, display_root="p")
    finding = Finding(
        code="PE999",
        name="odd",
        severity=Severity.INFO,
        message="odd",
        address=Address("a.yaml", ("tasks", 1)),
        related=(
            RelatedAddress(address=Address("c.json", ("labels",)), message="here", part=Part.KEY),
            RelatedAddress(address=Address("none.yaml"), message="there"),
        ),
        within=(1, 2),
        witness={"task": "bb"},
    )

    assert bundle.place(finding) == Diagnostic(
        code="PE999",
        name="odd",
        severity=Severity.INFO,
        message="odd",
        span=Span("p/a.yaml", Position(1, 16), Position(1, 17)),
        yaml_path="$.tasks[1]",
        related=(
            Related(span=Span("p/c.json", Position(2, 3), Position(2, 11)), message="here"),
            Related(span=Span("p/none.yaml", NOWHERE, NOWHERE), message="there"),
        ),
        witness={"task": "bb"},
    )
    assert bundle.place_all([finding, finding]) == (bundle.place(finding),) * 2


def test_sources_are_found_by_the_paths_that_diagnostics_have(tmp_path: Path) -> None:
    """What a renderer quotes from is named as in the diagnostics."""
    write(tmp_path, {"a/b.yaml": b"\xef\xbb\xbfa: 1\n"})

    assert load(tmp_path, display_root="p").sources == {"p/a/b.yaml": "a: 1\n"}


def test_garbage_collection_goes_on_after_loading(tmp_path: Path) -> None:
    """Loading leaves the collector as it was."""
    write(tmp_path, {"a.yaml": "a: b: c\n"})

    load(tmp_path)

    assert gc.isenabled()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_file_is_loaded_or_told(tmp_path: Path, content: bytes) -> None:
    """Whatever bytes a file holds, loading ends in data or in diagnostics about that file."""
    write(tmp_path, {"a.yaml": content})

    bundle = load(tmp_path, display_root="p")

    assert bundle.files[0].data is not None or bundle.diagnostics
    assert {diagnostic.span.path for diagnostic in bundle.diagnostics} <= {"p/a.yaml"}
