"""Environment variables that providers read."""

from collections.abc import Mapping
from typing import Any

from policy_engine.cli.faults.unset_variable import unset_variables
from policy_engine.diagnostics import Address, Finding, Severity
from policy_engine.loader.bundle import SourceFile


def file(path: str, data: Any, *, overlay: bool = False) -> SourceFile:
    """A file that holds this data."""
    return SourceFile(path=path, text="", content=b"", sha256="", data=data, overlay=overlay)


def found(*files: SourceFile, environ: Mapping[str, str]) -> list[tuple[str, Address, tuple[int, int] | None]]:
    """What is found: message, address and narrowed place."""
    return [(one.message, one.address, one.within) for one in unset_variables(files, environ)]


def test_a_variable_that_is_not_set_is_found_where_it_is_named() -> None:
    """Each `${NAME}` of a provider is looked up; the finding points at the name itself."""
    data = {"providers": {"a": {"api_key": "${KEY}", "headers": {"x-org": "org ${ORG}"}, "retries": 2}}}

    assert list(unset_variables([file("m.yaml", data)], {"KEY": "set"})) == [
        Finding(
            code="PE390",
            name="unset-variable",
            severity=Severity.ERROR,
            message="environment variable `ORG` is not set",
            address=Address("m.yaml", ("providers", "a", "headers", "x-org")),
            help="set it before serving: export ORG=…",
            within=(4, 10),
        )
    ]


def test_an_empty_variable_is_told_apart() -> None:
    """An empty key would fail as surely as a missing one, for another reason."""
    data = {"providers": {"a": {"api_key": "${KEY}"}}}

    assert found(file("m.yaml", data), environ={"KEY": ""}) == [
        ("environment variable `KEY` is empty", Address("m.yaml", ("providers", "a", "api_key")), (0, 6))
    ]


def test_what_an_overlay_replaces_is_not_looked_up() -> None:
    """A provider that the environment declares anew needs only what it says there."""
    base = file("m.yaml", {"providers": {"a": {"api_key": "${PROD}"}, "b": {"api_key": "${B}"}}})
    staging = file("overlays/staging/m.yaml", {"providers": {"a": {"api_key": "${STAGING}"}}}, overlay=True)

    assert [message for message, _, _ in found(base, staging, environ={})] == [
        "environment variable `B` is not set",
        "environment variable `STAGING` is not set",
    ]


def test_files_that_hold_no_providers_are_passed_over() -> None:
    """Files that could not be read, and sections of the wrong shape, are told of elsewhere."""
    files = (file("a.yaml", None), file("b.yaml", {"rules": []}), file("c.yaml", {"providers": ["${X}"]}))

    assert found(*files, environ={}) == []
