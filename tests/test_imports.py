"""Importing the package is light, and its public names are where it says they are."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import policy_engine

TOP = Path(__file__).parent.parent

HEAVY = {
    "click",
    "genai_prices",
    "httpx",
    "jsonschema",
    "jsonschema_rs",
    "numpy",
    "pydantic",
    "simpleeval",
    "structlog",
    "watchfiles",
}


def test_the_main_names_import_without_what_they_may_never_use(tmp_path: Path) -> None:
    """`from policy_engine import Engine, Request, build, decide` loads no heavy library and prints nothing."""
    loaded, said = _modules_after("from policy_engine import Engine, Request, build, decide", cwd=tmp_path)

    assert said == ""
    assert {"policy_engine.engine", "policy_engine.pipeline"} <= loaded
    assert HEAVY & loaded == set()


def test_the_package_alone_imports_none_of_its_modules(tmp_path: Path) -> None:
    """`import policy_engine` loads nothing of the package but its root."""
    loaded, said = _modules_after("import policy_engine", cwd=tmp_path)

    assert said == ""
    assert {name for name in loaded if name.startswith("policy_engine")} == {"policy_engine"}


@pytest.mark.parametrize("name", sorted(set(policy_engine.__all__) - {"__version__"}))
def test_a_public_name_is_the_one_its_module_defines(name: str) -> None:
    """Every public name is the very object of the module it is imported from, under the same name."""
    value = getattr(policy_engine, name)

    assert value is getattr(sys.modules[value.__module__], name)
    assert name in dir(policy_engine)


def test_type_checkers_are_told_the_names_that_exist() -> None:
    """The imports for type checkers, the table used at run time and `__all__` name the same things."""
    tree = ast.parse(Path(policy_engine.__file__).read_text(encoding="utf-8"))
    typed = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("policy_engine.")
        for alias in node.names
    }
    at_run_time = {(home, name) for home, names in policy_engine._HOMES.items() for name in names}

    assert typed == at_run_time
    assert sorted({name for _, name in typed} | {"__version__"}) == sorted(policy_engine.__all__)


def test_every_exception_is_public() -> None:
    """Whatever stands in `policy_engine.errors` can be imported from the root, to be caught."""
    tree = ast.parse((TOP / "policy_engine" / "errors.py").read_text(encoding="utf-8"))

    assert {node.name for node in tree.body if isinstance(node, ast.ClassDef)} - set(policy_engine.__all__) == set()


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A name that the package does not have fails as with any module."""
    with pytest.raises(AttributeError, match="module 'policy_engine' has no attribute 'biuld'"):
        policy_engine.biuld  # noqa: B018  reading it is the act


def _modules_after(statement: str, *, cwd: Path) -> tuple[set[str], str]:
    """The modules that a fresh interpreter has loaded after `statement`, and whatever that printed."""
    program = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)), file=open('modules', 'w'))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(TOP)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    return set(json.loads((cwd / "modules").read_text())), run.stdout
