"""Many searches of one text at once."""

from pathlib import Path

import pytest

from policy_engine.compiler.pattern import SCANNED_BYTES
from policy_engine.evaluator.decide import decide
from policy_engine.model.request import Request
from tests.policies_of import policies


def _modifiers(key: str, texts: list[str]) -> str:
    rules = [
        f"{{name: r{i}, when: {{message: {{{key}: '{text}'}}}}, then: {{tags: [t{i}]}}}}"
        for i, text in enumerate(texts)
    ]
    return f"rules: [{', '.join(rules)}]"


def test_more_patterns_than_one_set_holds_are_found_in_order(tmp_path: Path) -> None:
    """Rules find their own patterns, whichever set those are in."""
    policy_set = policies(tmp_path, _modifiers("matches", [rf"\bword{i}\b" for i in range(450)]))

    decision = decide(policy_set, Request(input="word449 word0 word199 word200 word201 word45"))

    assert decision.tags == ("t0", "t45", "t199", "t200", "t201", "t449")


@pytest.mark.parametrize("count", [60, 120])
def test_any_number_of_phrases_can_be_searched_for(count: int, tmp_path: Path) -> None:
    """However many rules have a phrase, the bundle is built and each finds its own."""
    policy_set = policies(tmp_path, _modifiers("contains", [f"word{i}" for i in range(count)]))

    decision = decide(policy_set, Request(input=f"a word{count - 1}, and word7!"))

    assert decision.tags == ("t7", f"t{count - 1}")


def test_patterns_that_are_large_together_can_be_searched_for(tmp_path: Path) -> None:
    """Patterns that RE2 takes one by one are no error when they stand in one bundle."""
    texts = [rf"[\pL\pN]{{3,100}}{end}" for end in ("!", "[?]")]

    decision = decide(policies(tmp_path, _modifiers("matches", texts)), Request(input="where?"))

    assert decision.tags == ("t1",)


def test_a_rule_with_two_searches_needs_both(tmp_path: Path) -> None:
    """The search that is not made together with others is made all the same."""
    policy_set = policies(
        tmp_path,
        """
        rules:
          - {name: a, when: {message: {matches: x, contains: y}}, then: {tags: [both]}}
          - {name: b, when: {message: {matches: x}, not: {message: {matches: z}}}, then: {tags: [x-not-z]}}
        """,
    )

    tags = [decide(policy_set, Request(input=text)).tags for text in ("x y", "x", "y", "x y z")]

    assert tags == [("both", "x-not-z"), ("x-not-z",), (), ("both",)]


def test_a_long_text_is_unknown_beyond_the_bound(tmp_path: Path) -> None:
    """In a text of more than 256,000 bytes a find is a find, and no find is unknown, which `on_unknown` settles."""
    policy_set = policies(
        tmp_path,
        """
        rules:
          - {name: found, when: {message: {matches: early}}, then: {tags: [early]}}
          - {name: phrase, when: {message: {contains: late}}, then: {tags: [late]}}
          - {name: absent, when: {none: [{message: {matches: late}}]}, then: {tags: [not-late]}}
          - {name: careful, when: {message: {matches: late}}, on_unknown: match, then: {tags: [careful]}}
          - {name: short, when: {message: {chars: {lt: 10}, matches: late}}, on_unknown: match, then: {tags: [short]}}
        """,
    )

    decision = decide(policy_set, Request(input="early " + "x" * SCANNED_BYTES + " late"))
    within = decide(policy_set, Request(input="early " + "ä" * (SCANNED_BYTES // 2 - 6) + " late"))
    nothing = decide(policy_set, Request(input="x" * SCANNED_BYTES))

    assert (decision.tags, decision.unknown) == (("early", "careful"), ("message",))
    assert (within.tags, within.unknown) == (("early", "late", "careful"), ())
    assert (nothing.tags, nothing.unknown) == (("not-late",), ())
