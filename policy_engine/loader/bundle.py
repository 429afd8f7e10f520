"""A bundle: a folder of policies, read once, with everything it refers to and its revision."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import PurePath
from types import ModuleType
from typing import Any

from policy_engine.diagnostics import Address, Diagnostic, Finding, Part, Position, Severity, Span, in_order
from policy_engine.errors import BundleNotFound
from policy_engine.loader.assets import load_assets
from policy_engine.loader.document import read_document
from policy_engine.loader.encoding import decoded
from policy_engine.loader.faults import empty_bundle, unknown_environment
from policy_engine.loader.pause import garbage_collection_paused
from policy_engine.loader.placing import Places, place_all, spans_of
from policy_engine.loader.revision import revision_of
from policy_engine.loader.scan import MAX_FILE_BYTES, OVERLAYS, Obstacle, Scan, is_overlay, read_file, scan


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """
    One policy file.

    `path` is relative to the bundle's folder, with `/`; `content` is the file's bytes, `sha256` their hash, `text` what
    they say without a byte order mark. `data` is None where that is not YAML, else as in `Document`. `diagnostics` are
    placed as people are shown them. `overlay` tells whether the file belongs to the environment; `left_out` has the
    offsets of list items that `data` leaves out.
    """

    path: str
    text: str = field(repr=False)
    content: bytes = field(repr=False)
    sha256: str
    data: Any = field(repr=False)
    diagnostics: tuple[Diagnostic, ...] = ()
    overlay: bool = False
    left_out: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFile:
    """
    One file of policy tests, not looked into yet.

    `path` is relative to the bundle's folder, with `/`; `content` is the file's bytes, `sha256` their hash.
    """

    __test__ = False

    path: str
    content: bytes = field(repr=False)
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """
    What a folder holds for one environment.

    `root` is the folder as people are shown it, `files` are sorted by path, `assets` are the contents of the files
    referred to, by path relative to the folder. `diagnostics` are all those of loading, sorted by place. `tests` lie
    beside the policies and are no part of them: the revision does not depend on them.
    """

    root: str
    env: str | None
    files: tuple[SourceFile, ...]
    assets: Mapping[str, bytes] = field(repr=False)
    revision: str
    diagnostics: tuple[Diagnostic, ...] = ()
    tests: tuple[TestFile, ...] = ()

    @property
    def sources(self) -> dict[str, str]:
        """Text of each policy file, by the path that diagnostics have."""
        return {shown_path(self.root, file.path): file.text for file in self.files}

    def revision_with(self, extra: Mapping[str, bytes]) -> str:
        """The revision if what was taken from outside the folder counts too, by name."""
        return revision_of(self.env, _contents(self.files, self.assets), extra=extra)

    def place(self, finding: Finding) -> Diagnostic:
        """The finding with its line and column. For several, `place_all` is much faster."""
        return self.place_all((finding,))[0]

    def place_all(self, findings: Iterable[Finding]) -> tuple[Diagnostic, ...]:
        """The findings with their lines and columns, in their order; each file is looked through once."""
        return place_all(findings, self._places())

    def spans(self, addresses: Iterable[Address], *, part: Part = Part.VALUE) -> tuple[Span, ...]:
        """Where values stand in their files, in their order; each file is looked through once."""
        return spans_of(addresses, self._places(), part=part)

    def _places(self) -> Places:
        texts = {file.path: (file.text, file.left_out) for file in self.files}
        for path, content in self.assets.items():
            texts.setdefault(path, (content.decode("utf-8", "replace"), frozenset()))
        return Places(root=self.root, texts=texts)


def load(
    folder: str | os.PathLike[str],
    env: str | None = None,
    *,
    previous: Bundle | None = None,
    display_root: str | None = None,
) -> Bundle:
    """
    Reads a policy folder.

    Args:
        folder: the folder, or a link to it.
        env: whose `overlays/<env>/` to read as well.
        previous: an earlier bundle, whose files are taken over where neither path nor content has changed.
        display_root: what people are shown in place of the folder.

    Raises:
        BundleNotFound: there is no such folder.
        ValueError: `env` cannot be the name of a folder.
    """
    if env is not None and (env in ("", ".", "..") or "/" in env or "\\" in env or "\0" in env):
        raise ValueError(f"an environment is named like a folder in `{OVERLAYS}/`, not {env!r}")
    given = os.fspath(folder)
    if not os.path.isdir(given):
        raise BundleNotFound(given)
    root = os.path.realpath(given)
    shown = given if display_root is None else display_root
    with garbage_collection_paused():
        return _load(root, shown, env=env, previous=previous)


def _load(root: str, shown: str, *, env: str | None, previous: Bundle | None) -> Bundle:
    listing = scan(root, env)
    known = _reusable(previous, shown)
    files: list[SourceFile] = []
    obstacles = list(listing.obstacles)
    for path in listing.paths:
        content = read_file(root, path, max_bytes=MAX_FILE_BYTES)
        if isinstance(content, Obstacle):
            obstacles.append(content)
        elif content is not None:
            files.append(_source_file(path, content, shown=shown, known=known))
    tests = tuple(_test_files(root, listing.tests, obstacles))
    assets = load_assets(root, files)
    bundle = Bundle(
        root=shown,
        env=env,
        files=tuple(files),
        assets=assets.contents,
        revision=revision_of(env, _contents(files, assets.contents)),
        tests=tests,
    )
    found = [diagnostic for file in files for diagnostic in file.diagnostics]
    found += [_obstructed(obstacle, shown) for obstacle in obstacles]
    found += bundle.place_all(assets.findings)
    found += _about_folder(listing, shown, env=env, is_empty=not files and not obstacles)
    return _with_diagnostics(bundle, found)


def shown_path(root: str, path: str) -> str:
    """A bundle's file as people are shown it: below the folder as it was given."""
    return (PurePath(root) / path).as_posix()


def _with_diagnostics(bundle: Bundle, found: Iterable[Diagnostic]) -> Bundle:
    return replace(bundle, diagnostics=in_order(found))


def _test_files(root: str, paths: Iterable[str], obstacles: list[Obstacle]) -> Iterator[TestFile]:
    for path in paths:
        content = read_file(root, path, max_bytes=MAX_FILE_BYTES)
        if isinstance(content, Obstacle):
            obstacles.append(content)
        elif content is not None:
            yield TestFile(path=path, content=content, sha256=hashlib.sha256(content).hexdigest())


def _reusable(previous: Bundle | None, shown: str) -> dict[tuple[str, str], SourceFile]:
    if previous is None or previous.root != shown:
        return {}
    return {(file.path, file.sha256): file for file in previous.files}


def _source_file(path: str, content: bytes, *, shown: str, known: Mapping[tuple[str, str], SourceFile]) -> SourceFile:
    sha256 = hashlib.sha256(content).hexdigest()
    if same := known.get((path, sha256)):
        return same
    where = shown_path(shown, path)
    text, diagnostics = decoded(content, where)
    overlay = is_overlay(path)
    if diagnostics:
        return SourceFile(
            path=path, text=text, content=content, sha256=sha256, data=None, diagnostics=diagnostics, overlay=overlay
        )
    document = read_document(text, where)
    return SourceFile(
        path=path,
        text=text,
        content=content,
        sha256=sha256,
        data=document.data,
        diagnostics=document.diagnostics,
        overlay=overlay,
        left_out=document.left_out,
    )


def _contents(files: Iterable[SourceFile], assets: Mapping[str, bytes]) -> dict[str, bytes]:
    return {**assets, **{file.path: file.content for file in files}}


def _obstructed(obstacle: Obstacle, shown: str) -> Diagnostic:
    severity = Severity.ERROR if obstacle.is_error else Severity.WARNING
    where = shown_path(shown, obstacle.path)
    return _unplaced(obstacle.fault, obstacle.message, where=where, help=obstacle.help, severity=severity)


def _about_folder(listing: Scan, shown: str, *, env: str | None, is_empty: bool) -> Iterator[Diagnostic]:
    where = shown_path(shown, "")
    if is_empty:
        help = "check the path; policies are `*.yaml` or `*.yml` files, tests are not counted"
        yield _unplaced(empty_bundle, "the folder holds no policy files", where=where, help=help)
    if env is not None and listing.environments and env not in listing.environments:
        close = get_close_matches(env, listing.environments, n=1)
        names = ", ".join(f"`{name}`" for name in listing.environments)
        help = f"did you mean `{close[0]}`?" if close else f"these exist: {names}"
        message = f"no folder `{OVERLAYS}/{env}` exists, so the base policies are used as they are"
        yield _unplaced(unknown_environment, message, where=where, help=help, severity=Severity.WARNING)


def _unplaced(
    fault: ModuleType, message: str, *, where: str, help: str, severity: Severity = Severity.ERROR
) -> Diagnostic:
    """A diagnostic about a file or folder as a whole, whose text is not at hand."""
    start = Position(1, 1)
    return Diagnostic(
        code=fault.CODE, name=fault.NAME, severity=severity, message=message, span=Span(where, start, start), help=help
    )
