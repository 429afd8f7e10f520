"""The manual of diagnostics: one page per code, which is the docstring of the module that defines the code."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

_CHAPTERS = (
    "policy_engine.loader.faults",
    "policy_engine.validator.faults",
    "policy_engine.validator.checks",
    "policy_engine.compiler.faults",
    "policy_engine.analyzer.findings",
    "policy_engine.verify.checks",
    "policy_engine.verify.faults",
    "policy_engine.cli.faults",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page of one code: its name, one sentence, and the whole text with Avoid, Prefer and Why."""

    code: str
    name: str
    summary: str
    text: str


def read_manual() -> dict[str, Page]:
    """Every page by its code, codes ascending."""
    pages = {page.code: page for chapter in _CHAPTERS for page in _pages_of(import_module(chapter))}
    return dict(sorted(pages.items()))


def find_page(manual: dict[str, Page], asked: str) -> Page | None:
    """The page of a code or a name, in upper or lower case; None if there is none."""
    word = asked.strip().lower()
    return next((page for page in manual.values() if word in (page.code.lower(), page.name)), None)


def closest_word(manual: dict[str, Page], asked: str) -> str | None:
    """The code or name that was probably meant by what is neither."""
    known = {word.lower(): word for page in manual.values() for word in (page.name, page.code)}
    found = get_close_matches(asked.strip().lower(), known, n=1)
    return known[found[0]] if found else None


def _pages_of(chapter: ModuleType) -> Iterator[Page]:
    for found in iter_modules(chapter.__path__, f"{chapter.__name__}."):
        module = import_module(found.name)
        if hasattr(module, "CODE") and hasattr(module, "NAME"):
            yield page_of(code=module.CODE, name=module.NAME, docstring=inspect.getdoc(module) or "")


def page_of(*, code: str, name: str, docstring: str) -> Page:
    """The page that a docstring holds, whose first line is `NAME: one sentence`."""
    first, _, rest = docstring.strip().partition("\n")
    summary = first.removeprefix(f"{name}:").strip()
    return Page(code=code, name=name, summary=summary, text=f"{summary}\n{rest}".strip())
