"""The manual pages of the loader's codes."""

from __future__ import annotations

import importlib
import pkgutil
import re
from types import ModuleType

import pytest

from policy_engine.loader import faults

MODULES = [
    importlib.import_module(f"{faults.__name__}.{found.name}") for found in pkgutil.iter_modules(faults.__path__)
]


def test_codes_are_unique_and_complete() -> None:
    """Each code of loading belongs to one module, and none is left out between the first and the last."""
    assert sorted(module.CODE for module in MODULES) == [f"PE{number}" for number in range(101, 124)]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.CODE)
def test_a_page_has_its_name_and_its_parts(module: ModuleType) -> None:
    """A page opens with its name in one sentence and says what to avoid, what to prefer and why."""
    page = module.__doc__ or ""

    assert module.__name__.rpartition(".")[2] == module.NAME.replace("-", "_")
    assert re.fullmatch(rf"\n{module.NAME}: .+\.\n\nAvoid:\n(    .+\n)+Prefer:\n(    .+\n)+Why:\n(    .+\n)+", page)
