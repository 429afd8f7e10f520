"""
The pages say what is so: every policy in them builds, every program runs, every command prints what is shown.

A comment before a block says what to do with it:

    yaml     bundle                   a policy that stands alone
             fragment                 sections of a policy; what it lacks comes from `prelude.py`
             fragment: conditions     a list of conditions (`effects`, `gates`: of those)
             error: PE301             a fragment with findings of exactly this code; `error: PE207 in conditions`
             file: shop/policy.yaml   is written there, for the commands further down the page
             other: …                 no policy, but YAML
    python   run                      runs by itself; `run: continued` after the blocks before it
             sketch: …                shows a shape; has to be valid Python
    console  run                      `$ policy-engine …` and `$ python …` print what is shown; `run: exit 1`
             other: …                 for the reader to run
    text     output                   what the Python block before it prints
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.compiler.rule import CompiledRule
from policy_engine.evaluator.decide import decide
from policy_engine.model.policy import Example
from policy_engine.model.request import read_request
from policy_engine.pipeline import BuildResult, build
from tests.e2e import pages, prelude
from tests.e2e.pages import PAGES, Block

TODAY = date(2026, 11, 24)
BLOCKS = {path: tuple(pages.blocks_of(path)) for path in PAGES}
KINDS: Mapping[str, frozenset[str]] = {
    "yaml": frozenset({"bundle", "fragment", "error", "file", "other"}),
    "python": frozenset({"run", "sketch"}),
    "console": frozenset({"run", "other"}),
}
FORMS: Mapping[str, Callable[[str], str]] = {
    "": str,
    "conditions": prelude.of_conditions,
    "effects": prelude.of_effects,
    "gates": prelude.of_gates,
}


def marked(language: str, *kinds: str) -> list[Block]:
    """All blocks of a language with one of these markers."""
    everything = (block for blocks in BLOCKS.values() for block in blocks)
    return [block for block in everything if block.language == language and block.kind in kinds]


def by_place(values: Iterable[Block]) -> pytest.MarkDecorator:
    """Runs a test once for each block."""
    return pytest.mark.parametrize("block", [pytest.param(block, id=block.place) for block in values])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_block_says_what_it_is(path: Path) -> None:
    """No block of YAML, Python or console goes unmarked, and every fence belongs to a block."""
    unmarked = [
        block.place
        for block in BLOCKS[path]
        if block.kind not in KINDS.get(block.language, {block.kind}) or not block.language
    ]

    assert unmarked == []
    assert pages.fences_of(path) == 2 * len(BLOCKS[path])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """A link to a file or a heading of this repository finds it."""
    lost = [
        f"{target.name}#{anchor}"
        for target, anchor in pages.links_of(path)
        if not target.exists() or (anchor and anchor not in pages.anchors_of(target))
    ]

    assert lost == []


@by_place(marked("yaml", "bundle", "fragment"))
def test_policies_build_without_findings(block: Block, tmp_path: Path) -> None:
    """A policy in a page is clean, and the examples of its rules hold."""
    result = built(block, tmp_path)

    assert [finding.headline() for finding in result.report.diagnostics] == []
    assert list(broken_examples(result)) == []


@by_place(marked("yaml", "error"))
def test_mistakes_are_found(block: Block, tmp_path: Path) -> None:
    """A policy that shows a mistake has findings of the code that the page names, and of no other."""
    found = built(block, tmp_path).report.diagnostics

    assert {finding.code for finding in found} == {block.detail.partition(" in ")[0]}


@by_place(marked("yaml", "other"))
def test_other_yaml_is_yaml(block: Block) -> None:
    """What is YAML but no policy can be read."""
    assert list(yaml.safe_load_all(block.text))


@by_place(marked("json", "", *("request", "requests", "decision")))
def test_json_is_json(block: Block) -> None:
    """JSON in a page can be read; what is marked as a request is one, a line each where there are several."""
    lines = block.text.splitlines() if block.kind == "requests" else [block.text]
    values = [json.loads(line) for line in lines]

    assert values
    if block.kind.startswith("request"):
        assert [read_request(value) for value in values]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_does_what_it_shows(path: Path, tmp_path: Path) -> None:
    """The programs and commands of a page, run in their order in a checkout, print what the page shows."""
    pages.copy_checkout(tmp_path)

    found = list(differences(BLOCKS[path], tmp_path))

    assert not found, "\n".join(found)


@by_place(marked("python", "sketch"))
def test_sketches_are_python(block: Block) -> None:
    """A block that only shows a shape can be parsed."""
    assert ast.parse(block.text)


def built(block: Block, folder: Path) -> BuildResult:
    """What the policy of a block comes to."""
    _, _, form = block.detail.partition(" in ") if block.kind == "error" else ("", "", block.detail)
    policy = block.text if block.kind == "bundle" else prelude.whole(FORMS[form](block.text))
    return build(prelude.write_bundle(folder, policy), today=TODAY)


def broken_examples(result: BuildResult) -> Iterator[str]:
    """The examples of rules that do not hold, in words."""
    assert result.policy_set is not None
    for rule in result.policy_set.rules:
        for number, example in enumerate(rule.rule.examples, 1):
            if is_matched(result.policy_set, rule, example) is not example.matches:
                yield f"example {number} of `{rule.name}`"


def is_matched(policy_set: PolicySet, rule: CompiledRule, example: Example) -> bool:
    """Whether a rule matches a request, whatever other rules say."""
    request = read_request(example.request, attributes=policy_set.declarations.attributes)
    trace = decide(replace(policy_set, rules=(rule,)), request, trace=True).trace
    assert trace is not None
    return trace.rules[0].result in ("match", "match_on_unknown")


def differences(blocks: Sequence[Block], folder: Path) -> Iterator[str]:
    """What the blocks of a page print or end with otherwise than shown."""
    program = ""
    for number, block in enumerate(blocks, 1):
        if block.kind == "file":
            write(folder / block.detail, block.text)
        elif (block.language, block.kind) == ("python", "run"):
            program = f"{program}\n{block.text}" if block.detail == "continued" else block.text
            shown = [following.text for following in blocks[number : number + 1] if following.kind == "output"]
            yield from program_differs(block, program, shown, folder)
        elif (block.language, block.kind) == ("console", "run"):
            yield from commands_differ(block, folder)


def program_differs(block: Block, program: str, shown: Sequence[str], folder: Path) -> Iterator[str]:
    """A Python block that fails, or prints something other than what is shown, if anything is."""
    finished = pages.start([sys.executable, "-W", "error", "-c", program], folder)
    if finished.returncode or any(not pages.is_as_shown(finished.stdout, text.splitlines()) for text in shown):
        yield f"{block.place}\n{finished.stdout}"


def commands_differ(block: Block, folder: Path) -> Iterator[str]:
    """The commands of a block that print or end otherwise than the page says."""
    code = int(block.detail.removeprefix("exit ") or 0)
    for session in pages.sessions_of(block):
        if pages.is_ours(session.command):
            finished = pages.run(session.command, folder)
            if finished.returncode != code or not pages.is_as_shown(finished.stdout, session.shown):
                yield f"{block.place} $ {session.command}\nends with {finished.returncode}:\n{finished.stdout}"


def write(path: Path, text: str) -> None:
    """Writes a file, and the folders it stands in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
