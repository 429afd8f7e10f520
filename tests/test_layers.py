"""The source keeps to its architecture: layers, owners of libraries, size and docstrings."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests import architecture
from tests.architecture import Import, Module, imports_of, module, modules_below

TOP = Path(__file__).parent.parent
SOURCE = modules_below(TOP / "policy_engine")
TESTS = modules_below(TOP / "tests")
IMPORTS = imports_of(SOURCE)


@pytest.mark.parametrize(
    "breaches",
    [architecture.layer_breaches, architecture.owner_breaches, architecture.cycles],
    ids=lambda rule: rule.__name__,
)
def test_imports_keep_to_the_architecture(breaches: Callable[[Iterable[Import]], Iterator[str]]) -> None:
    """No import of the package points up or sideways, takes a library from its owner or closes a circle."""
    assert _listed(breaches(IMPORTS)) == ""


@pytest.mark.parametrize(
    "breaches",
    [architecture.relative_imports, architecture.long_modules, architecture.undocumented],
    ids=lambda rule: rule.__name__,
)
def test_modules_keep_to_the_house_style(breaches: Callable[[Iterable[Module]], Iterator[str]]) -> None:
    """Every module is short, says what it and its public names are for, and imports by full names."""
    assert _listed(breaches(SOURCE)) == ""


def test_every_test_says_what_it_specifies() -> None:
    """Every test has a docstring."""
    assert _listed(architecture.untold_tests(TESTS)) == ""


def test_every_exception_from_the_linters_says_why() -> None:
    """Behind each `noqa` and `type: ignore` stands its reason."""
    bare = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]+)?|type: ignore(?:\[[^\]]*\])?)$")
    found = [
        f"{path.relative_to(TOP)}:{number}"
        for folder in ("policy_engine", "tests", "benchmarks", "examples")
        for path in sorted((TOP / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]

    assert bare.search("x = 1  # noqa: F401")
    assert found == []


def test_the_source_is_found() -> None:
    """The rules look at real modules and real imports, so they cannot pass for want of anything to look at."""
    assert {"policy_engine", "policy_engine.errors", "policy_engine.diagnostics"} <= {m.name for m in SOURCE}
    assert ("policy_engine.errors", "policy_engine.diagnostics") in {(i.importer.name, i.target) for i in IMPORTS}


@pytest.mark.parametrize(
    ("importer", "source", "complaint"),
    [
        (
            "policy_engine.model.rule",
            "from policy_engine.engine import Engine",
            "policy_engine/model/rule.py:1: policy_engine.model.rule imports policy_engine.engine, which is above it",
        ),
        (
            "policy_engine.model.rule",
            "def late():\n    import policy_engine.cli.main",
            "policy_engine/model/rule.py:2: policy_engine.model.rule imports policy_engine.cli.main, which is above it",
        ),
        (
            "policy_engine.model.rule",
            "import importlib\nimportlib.import_module('policy_engine.cli')",
            "policy_engine/model/rule.py:2: policy_engine.model.rule imports policy_engine.cli, which is above it",
        ),
        (
            "policy_engine.model.rule",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from policy_engine.store import Store",
            "policy_engine/model/rule.py:3: policy_engine.model.rule imports policy_engine.store, which is above it",
        ),
        (
            "policy_engine.state.sqlite",
            "import policy_engine.catalogue.prices as prices",
            "policy_engine/state/sqlite.py:1: policy_engine.state.sqlite imports its sibling "
            "policy_engine.catalogue.prices",
        ),
        (
            "policy_engine.cli.main",
            "from policy_engine import build",
            "policy_engine/cli/main.py:1: imports the root package; import from the module that defines the name",
        ),
        (
            "policy_engine.cli.main",
            "import policy_engine",
            "policy_engine/cli/main.py:1: imports the root package; import from the module that defines the name",
        ),
        (
            "policy_engine.cli.main",
            "from policy_engine.helpers import tidy",
            "policy_engine/cli/main.py:1: `helpers` has no layer; give it one in LAYERS",
        ),
    ],
)
def test_an_import_that_does_not_point_down_is_named(importer: str, source: str, complaint: str) -> None:
    """Imports in functions, by name and for type checkers count; sideways, the root and the unknown are refused."""
    imports = imports_of([module(importer, source)])

    assert list(architecture.layer_breaches(imports)) == [complaint]


@pytest.mark.parametrize(
    "source",
    [
        "from policy_engine.diagnostics import Report",
        "from policy_engine.model.facts import Facts",
        "import json, collections.abc",
        "import click",
    ],
)
def test_an_import_that_points_down_or_out_is_fine(source: str) -> None:
    """The layers below, the own part and other people's libraries are no matter of layers."""
    imports = imports_of([module("policy_engine.model.rule", source)])

    assert list(architecture.layer_breaches(imports)) == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import yaml", "policy_engine/cli/main.py:1: yaml belongs to loader; ask there for what it does"),
        (
            "def late():\n    from numpy.linalg import norm",
            "policy_engine/cli/main.py:2: numpy belongs to signals and replay and advisor; ask there for what it does",
        ),
        ("import rich", "policy_engine/cli/main.py:1: rich has no owner; name one in OWNERS and in pyproject.toml"),
    ],
)
def test_a_library_outside_its_owner_is_named(source: str, complaint: str) -> None:
    """Each third-party library is imported by one part only, and none without being listed."""
    imports = imports_of([module("policy_engine.cli.main", source)])

    assert list(architecture.owner_breaches(imports)) == [complaint]


def test_an_owner_may_import_its_library() -> None:
    """The owner's modules, the standard library and the package itself are free to import."""
    source = "import os.path\nimport click.testing\nfrom policy_engine.errors import MissingExtra"

    assert list(architecture.owner_breaches(imports_of([module("policy_engine.cli.main", source)]))) == []


def test_a_circle_of_imports_is_named_once() -> None:
    """Modules that import each other in a ring are told as one cycle, with a statement to cut."""
    ring = [
        module("policy_engine.model.a", "from policy_engine.model import b"),
        module("policy_engine.model.b", "\nfrom policy_engine.model.c import name"),
        module("policy_engine.model.c", "def late():\n    import policy_engine.model.a"),
        module("policy_engine.model.d", "import policy_engine.model.a"),
    ]

    assert list(architecture.cycles(imports_of(ring))) == [
        "policy_engine/model/a.py:1: import cycle policy_engine.model.a → policy_engine.model.b → "
        "policy_engine.model.c → policy_engine.model.a"
    ]


def test_a_module_of_400_lines_is_too_long() -> None:
    """The limit is reached at 400 lines and not at 399."""
    modules = [module("policy_engine.a", "\n" * 399), module("policy_engine.b", "\n" * 400)]

    assert list(architecture.long_modules(modules)) == [
        "policy_engine/b.py:400: 400 lines; stay under 400, look for the second noun"
    ]


def test_a_public_name_without_docstring_is_named() -> None:
    """Modules, public classes, functions and methods need a docstring; private, magic and overloaded ones do not."""
    source = """
import typing
class Open:
    def method(self): ...
    def __len__(self): ...
    @typing.override
    def told_above(self): ...
    def _private(self): ...
class _Closed:
    def method(self): ...
async def function():
    def inner(): ...
@typing.overload
def function(): ...
"""

    assert list(architecture.undocumented([module("policy_engine.a", source)])) == [
        "policy_engine/a.py:1: the module does not say what it holds",
        "policy_engine/a.py:3: `Open` has no docstring",
        "policy_engine/a.py:4: `Open.method` has no docstring",
        "policy_engine/a.py:11: `function` has no docstring",
    ]


def test_a_relative_import_is_named() -> None:
    """Imports that start with a dot are refused wherever they stand."""
    assert list(architecture.relative_imports([module("policy_engine.a", "def f():\n    from . import b")])) == [
        "policy_engine/a.py:2: relative import; write it in full"
    ]


def test_a_test_without_docstring_is_named() -> None:
    """Functions called `test_…` need a docstring, methods too; others do not."""
    source = "def test_it(): ...\nclass TestMore:\n    def test_more(self): ...\ndef make(): ..."

    assert list(architecture.untold_tests([module("tests.test_a", source)])) == [
        "tests/test_a.py:1: `test_it` does not say what it specifies",
        "tests/test_a.py:3: `test_more` does not say what it specifies",
    ]


def _listed(complaints: Iterable[str]) -> str:
    return "\n".join(complaints)
