"""What a change of policies changes, shown."""

from __future__ import annotations

from policy_engine.cli.render.differences import Difference, render_markdown
from policy_engine.replay.changes import Change, Kind
from policy_engine.replay.witnesses import Shown


def test_a_comment_holds_what_a_comment_can() -> None:
    """Of a thousand changed rules those are listed for which GitHub has room, and the others counted."""
    changed = [
        Shown(change=Change(kind=Kind.CHANGED, rule=f"rule-{number}", details=("x" * 80,)), witness=None)
        for number in range(1000)
    ]

    comment = render_markdown(Difference(old=("a", "1"), new=("b", "2"), shown=tuple(changed), declared=()))

    assert comment.startswith("### Policies: 1,000 rules changed\n\n**Rules**\n\n- `rule-0` **changed**\n")
    assert comment.splitlines()[-1] == "- and 671 more rules"
    assert len(comment) < 50_100
