"""Which requests have to be replayed one after the other."""

from pathlib import Path

import pytest

from policy_engine.model.request import Request
from policy_engine.replay.sequence import share_of, shared_key
from tests.replay.bundles import CASCADE, policies

BY_SESSION = "  - {name: s, when: {session: {errors: {gt: 1}}}, then: {route: high}}\n"
SESSION = f"rules:\n{BY_SESSION}default: {{route: low}}\n"
BUDGETS = """\
budgets:
  both: {amount: $1, window: day, zone: UTC, scope: [tenant, team]}
  one: {amount: $1, window: day, zone: UTC%s}
default: {route: low}
rules:
  - {name: a, when: {budget: {both: {used: {gte: 1}}}}, then: {route: high}}
  - {name: b, when: {budget: {one: {used: {gte: 1}}}}, then: {route: high}}
"""
RATE = "    limits: {escalation_rate: {max: 50%, window: 1h, otherwise: high}}\n    steps:"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("default: {route: low}\n", ()),
        (CASCADE, ()),
        (SESSION, ("session",)),
        (BUDGETS % ", scope: [tenant]", ("tenant",)),
        (BUDGETS % "", None),
        (BUDGETS % ", scope: [tenant]" + BY_SESSION, None),
        (CASCADE.replace("    steps:", RATE), None),
        ("rules: [{name: s, then: {stick: {by: session, for: 1h}}}]\ndefault: {route: low}\n", ("session",)),
        ("default: {route: {fastest: [cheap, dear]}}\n", None),
    ],
)
def test_requests_are_dealt_by_what_is_counted(text: str, key: tuple[str, ...] | None, tmp_path: Path) -> None:
    """Nothing counted: anywhere; by common names: by those; together or without a common name: all in one place."""
    assert shared_key([policies(tmp_path, text)]) == key


def test_requests_of_one_key_stay_together(tmp_path: Path) -> None:
    """Whatever else differs, and where a key is absent too."""
    policy_set = policies(tmp_path, SESSION)
    requests = [Request(session="s1", input="a"), Request(session="s1", task="date"), Request(), Request(input="b")]

    shares = [share_of(request, ("session",), policy_set, 64) for request in requests]

    assert (shares[0] == shares[1], shares[2] == shares[3], shares[0] == shares[2]) == (True, True, False)
