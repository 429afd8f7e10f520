"""
rule-expires: a rule is past its `expires` date, or will be within 30 days.

Avoid:
    rules:
      - {name: launch-week, expires: "2020-01-31", when: {task: generate_reply}, then: {route: frontier}}
Prefer:
    rules:
      - {name: launch-week, expires: "2999-01-31", when: {task: generate_reply}, then: {route: frontier}}
Why:
    `expires` is a note to whoever owns the rule: it never changes a decision, as a policy must not change by itself
    over night. So the rule stays in force until somebody prolongs or removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.policy import Rule
from policy_engine.validator.surroundings import Site

CODE = "PE334"
NAME = "rule-expires"
SUBJECTS = (Rule,)
_NOTICE = timedelta(days=30)


def check(part: Rule, site: Site) -> Iterator[Finding]:
    """The warning that the rule has expired or soon will, if so."""
    today = site.around.today
    if part.expires is None or part.expires - today > _NOTICE:
        return
    days = (part.expires - today).days
    when = f"expires on {part.expires} (in {days} days)" if days > 0 else f"expired on {part.expires}"
    yield Finding(
        code=CODE,
        name=NAME,
        severity=Severity.WARNING,
        message=f"rule `{part.name}` {when if days else 'expires today'}, and stays in force until it is removed",
        address=part.address.child("expires"),
        help=_help(part),
    )


def _help(rule: Rule) -> str:
    asked = f"ask {rule.owner} whether to prolong" if rule.owner else "prolong"
    return f"{asked} or remove it"
