"""Markdown pages as code blocks with their markers, and what it takes to run one."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
PAGES = (TOP / "README.md", *sorted((TOP / "docs").glob("*.md")))

_BLOCK = re.compile(
    r"^(?:<!-- (?P<marker>[^\n]*?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FENCE = re.compile(r"^```", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?!\w+:)([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PROGRAMS = {"policy-engine": (sys.executable, "-m", "policy_engine"), "python": (sys.executable,)}
_GAP = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """
    One fenced block of a page.

    `kind` and `detail` are the two halves of the comment before it, `<!-- kind: detail -->`; empty without one.
    """

    page: str
    line: int
    language: str
    kind: str
    detail: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One command of a console block, and the lines that it is said to print."""

    command: str
    shown: tuple[str, ...]


def blocks_of(path: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        kind, _, detail = (match["marker"] or "").partition(":")
        yield Block(
            page=path.relative_to(TOP).as_posix(),
            line=text.count("\n", 0, match.start()) + 1,
            language=match["language"],
            kind=kind.strip(),
            detail=detail.strip(),
            text=match["text"],
        )


def fences_of(path: Path) -> int:
    """How many fences a page has, so that a block that is not understood is noticed."""
    return len(_FENCE.findall(path.read_text(encoding="utf-8")))


def links_of(path: Path) -> Iterator[tuple[Path, str]]:
    """Where the links of a page lead inside the checkout: a path, and an anchor or nothing."""
    for target in _LINK.findall(_BLOCK.sub("", path.read_text(encoding="utf-8"))):
        name, _, anchor = target.partition("#")
        yield (path.parent / name).resolve() if name else path, anchor


def anchors_of(path: Path) -> set[str]:
    """The anchors that a page's headings give, as GitHub makes them."""
    headings = _HEADING.findall(_BLOCK.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def sessions_of(block: Block) -> Iterator[Session]:
    """The commands of a console block; a line that ends in a backslash goes on in the next."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.replace("\\\n", " ").partition("\n")
        yield Session(command=command, shown=tuple(shown.splitlines()))


def is_ours(command: str) -> bool:
    """Whether a command of a console block can be run here."""
    return command.partition(" ")[0] in _PROGRAMS


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a command prints, standard error included, in a folder."""
    program, *arguments = shlex.split(command)
    return start([*_PROGRAMS[program], *arguments], folder)


def start(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """The same for a list of arguments."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def environment() -> dict[str, str]:
    """The environment of a person who has set nothing in particular, with this checkout importable."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    paths = [str(TOP), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}


def is_as_shown(printed: str, shown: Sequence[str]) -> bool:
    """Whether an output is the one shown; `…` stands for anything in a line, alone for any number of lines."""
    pattern = ""
    for line in shown:
        if line.strip() == _GAP:
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += "[^\n]*".join(re.escape(part) for part in line.rstrip().split(_GAP)) + r"[ \t]*\n"
    return re.fullmatch(pattern.replace(r"\ ", " "), printed if printed.endswith("\n") else f"{printed}\n") is not None


def copy_checkout(folder: Path) -> None:
    """Fills a folder with what commands of the pages work on, so that they may write as they like."""
    for name in ("policies", "examples", "schemas"):
        shutil.copytree(TOP / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
