"""
The page docs/diagnostics.md, made from the manual pages of the codes.

    python -m tests.e2e.diagnostics_page        writes it anew
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy_engine.cli.manual import Page, read_manual
from tests.e2e.pages import TOP

PATH = TOP / "docs" / "diagnostics.md"
CHAPTERS = {
    "PE1": ("Loading", "What keeps a file from being read as it is meant."),
    "PE2": ("Shape", "What does not have the form that its place in a policy takes."),
    "PE3": ("Names and meaning", "What has the right form but cannot mean what it says."),
    "PE4": ("Patterns and expressions", "What is wrong inside a regular expression or an `expr`."),
    "PE5": ("Analysis", "What is allowed but hardly meant."),
    "PE6": ("Tests", "What is wrong with the tests of a policy."),
}
HEAD = """\
# Diagnostics

Everything that `policy-engine validate` can say, by code. Codes are stable. `policy-engine explain PE301` (or
`explain unknown-tier`) shows the page of one: what to avoid, what to write instead, and why. This list is made from
those pages.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_chapters(read_manual().values())])


def _chapters(manual: Iterable[Page]) -> Iterator[str]:
    pages = list(manual)
    for prefix, (title, about) in CHAPTERS.items():
        rows = [f"| {page.code} | {page.name} | {page.summary} |\n" for page in pages if page.code.startswith(prefix)]
        if rows:
            yield f"## {title}\n\n{about}\n\n| code | name | means |\n|---|---|---|\n{''.join(rows)}"


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
