"""Changes of rules, and requests that show them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy_engine.compiler.policy_set import PolicySet
from policy_engine.pipeline import build
from policy_engine.replay.changes import Change, Declared, Kind, changes_between, declared_between
from policy_engine.replay.pairs import Pair
from policy_engine.replay.witnesses import witnessed

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
BUNDLE = """\
version: 1
zone: UTC
tasks: [faq, chat, code]
attributes: {plan: {type: string, enum: [free, pro]}, seats: {type: integer}, labels: {type: list}}
providers: {own: {kind: fake}}
models:
  small: {provider: own, model: s, price: {input: 1, output: 2}}
  large: {provider: own, model: l, price: {input: 10, output: 20}}
budgets: {daily: {amount: $10, window: day}}
scores:
  hard:
    - {when: {message: {tokens: {gt: 100}}}, points: 0.3}
    - {when: {message: {contains: [prove, derive]}}, points: 0.5}
    - {when: {attributes: {seats: {gte: 5}}}, points: 0.25}
rules:
  - {name: first, when: {task: faq, message: {chars: {lte: 20}}}, then: {route: small}}
  - {name: order, when: {message: {matches: '(?i)\\border\\s+#?\\d{6}\\b'}}, then: {respond: {text: here}}}
  - {name: hard, when: {score: {hard: {gte: 0.8}}}, then: {route: large}}
  - name: spent
    when: {task: chat, budget: {daily: {used: {gte: 90%}}}}
    then: {deny: {status: 429, message: no}}
    on_unknown: skip
  - {name: night, when: {task: code, time: {between: "22:00-06:00"}}, then: {route: small}}
  - {name: some, when: {task: code, sample: {share: 10%, by: attributes.plan, salt: x}}, then: {route: large}}
  - {name: third, when: {task: code, sample: {share: 10%, salt: y}}, then: {route: large}}
  - {name: asked, when: {conversation: {turns: {gt: 3}}}, then: {route: large}}
  - {name: mark, when: {attributes: {plan: pro}}, then: {tags: [pro]}}
  - {name: typed, when: {task: chat, expr: 'message.words > 30 and attributes.plan == "free"'}, then: {route: large}}
default: {route: [small, large]}
"""


def policies(folder: Path, *changes: tuple[str, str]) -> PolicySet:
    """The bundle above, with some texts replaced by others."""
    text = BUNDLE
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    folder.mkdir()
    (folder / "policy.yaml").write_text(text, encoding="utf-8")
    result = build(folder)
    assert result.policy_set is not None, [one.headline() for one in result.report.errors]
    return result.policy_set


@pytest.mark.parametrize(
    ("change", "rule", "kind", "details"),
    [
        (("{lte: 20}", "{lte: 30}"), "first", "changed", ("when: message.chars <= 20 → message.chars <= 30",)),
        (("task: faq, m", "task: chat, m"), "first", "changed", ("when: task == faq → task == chat",)),
        (("\\d{6}\\b", "\\d{7}\\b"), "order", "changed", None),
        (("{gte: 0.8}", "{gte: 0.75}"), "hard", "changed", ("when: score.hard >= 0.8 → score.hard >= 0.75",)),
        (("points: 0.25", "points: 0.55"), "hard", "changed", None),
        (("90%", "80%"), "spent", "changed", ("when: budget.daily.used >= 90% → budget.daily.used >= 80%",)),
        (("22:00-06:00", "23:00-06:00"), "night", "changed", None),
        (("10%, salt: y", "30%, salt: y"), "third", "changed", ("when: sample 10% by id → sample 30% by id",)),
        (("{gt: 3}", "{gt: 2}"), "asked", "changed", ("when: conversation.turns > 3 → conversation.turns > 2",)),
        (("tags: [pro]", "tags: [paid]"), "mark", "changed", ("adds: tags ['pro'] → tags ['paid']",)),
        (("words > 30", "words > 20"), "typed", "changed", ("when: message.words > 30 → message.words > 20",)),
        (("status: 429", "status: 403"), "spent", "changed", ("then: deny 429 → deny 403",)),
        (("default: {route: [small, large]}", "default: {route: large}"), None, "default", None),
        (("  - {name: mark, when: {attributes: {plan: pro}}, then: {tags: [pro]}}\n", ""), "mark", "removed", None),
        (("default:", "  - {name: last, when: {task: faq}, then: {route: large}}\ndefault:"), "last", "added", None),
    ],
)  # fmt: skip
def test_a_change_is_told_with_a_request_that_shows_it(
    change: tuple[str, str], rule: str | None, kind: str, details: tuple[str, ...] | None, tmp_path: Path
) -> None:
    """One rule differs, and a request that both versions decide differently is found without any traffic."""
    pair = Pair(policies(tmp_path / "a"), policies(tmp_path / "b", change), now=NOW)

    (shown,) = witnessed(pair)

    assert (shown.change.rule, shown.change.kind.value) == (rule, kind)
    assert details is None or shown.change.details == details
    assert shown.witness is not None
    assert pair.see(shown.witness.request).cause == shown.witness.cause


def test_a_witness_is_as_small_as_it_can_be(tmp_path: Path) -> None:
    """Nothing stands in it that is not needed, and it lies at the edge."""
    pair = Pair(policies(tmp_path / "a"), policies(tmp_path / "b", ("90%", "80%")), now=NOW)

    (shown,) = witnessed(pair)

    assert shown.witness is not None
    assert shown.witness.request == {"task": "chat", "signals": {"budget": {"daily": {"used": 0.8}}}}


def test_a_moved_rule_is_shown_by_a_request_that_matches_both(tmp_path: Path) -> None:
    """Only the rule that was moved is told, not all that it passed."""
    line = "  - {name: hard, when: {score: {hard: {gte: 0.8}}}, then: {route: large}}\n"
    raised = policies(tmp_path / "b", (line, ""), ("rules:\n", f"rules:\n{line}"))

    (shown,) = witnessed(Pair(policies(tmp_path / "a"), raised, now=NOW))

    assert shown.change == Change(kind=Kind.MOVED, rule="hard", details=("from place 3 to place 1, to the front",))
    assert shown.witness is not None
    assert (shown.witness.before.rule, shown.witness.after.rule) in (("first", "hard"), ("order", "hard"))


def test_a_rename_is_no_difference(tmp_path: Path) -> None:
    """The rule is the same under another name, and nothing shows it."""
    pair = Pair(policies(tmp_path / "a"), policies(tmp_path / "b", ("name: first", "name: short")), now=NOW)

    (shown,) = witnessed(pair)

    assert shown.change == Change(kind=Kind.RENAMED, rule="short", details=("it was called `first`",))
    assert (shown.witness, pair.see({"task": "faq", "input": "hi"}).cause) == (None, None)


def test_what_makes_no_difference_is_not_shown(tmp_path: Path) -> None:
    """A condition that no request can meet may change as it likes."""
    rule = "rules:\n  - {name: never, when: {task: faq, all: [{message: {chars: {lt: 5}}}, {message: {chars: {gt: %s}}}]}, then: {route: large}}\n"  # noqa: E501  (one line of a policy)
    old = policies(tmp_path / "a", ("rules:\n", rule % 8))
    new = policies(tmp_path / "b", ("rules:\n", rule % 9))

    (shown,) = witnessed(Pair(old, new, now=NOW))

    assert (shown.change.rule, shown.witness) == ("never", None)


def test_lines_and_files_make_no_difference(tmp_path: Path) -> None:
    """Comments, blank lines and where things stand do not count."""
    old, new = policies(tmp_path / "a"), policies(tmp_path / "b", ("rules:\n", "# a comment\n\nrules:\n"))

    assert (changes_between(old, new), declared_between(old, new)) == ((), ())


def test_declarations_that_differ_are_told(tmp_path: Path) -> None:
    """By section and name, in the order of the sections."""
    new = policies(
        tmp_path / "b",
        ("{input: 1, output: 2}", "{input: 1, output: 3}"),
        ("  large: {", "  spare: {provider: own, model: x, price: {input: 1, output: 1}}\n  large: {"),
    )

    assert declared_between(policies(tmp_path / "a"), new) == (
        Declared(section="models", name="small", kind=Kind.CHANGED),
        Declared(section="models", name="spare", kind=Kind.ADDED),
    )
