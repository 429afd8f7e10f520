"""
unstated-unknown: a rule that refuses or restricts does not say what happens when its condition is unknown.

Avoid:
    rules:
      - {name: no-free-contracts, when: {attributes: {plan: free}}, then: {deny: {message: for paying customers}}}
Prefer:
    rules:
      - name: no-free-contracts
        when: {attributes: {plan: free}}
        on_unknown: match
        then: {deny: {message: for paying customers}}
Why:
    A condition is unknown when a fact that it reads is missing, be it through a score or in an expression, or when an
    expression divides by 0; a rule also when the key is missing by which it splits its route. By default the rule then
    does not match. For a rule that protects something this would let through everybody who leaves the fact out. So it
    must say `match` (refuse then too), `skip` (let pass) or `default`.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part, Severity
from policy_engine.model.effect import Deny
from policy_engine.model.policy import Rule
from policy_engine.validator.certainty import can_be_unknown, key_can_be_unknown
from policy_engine.validator.surroundings import Site

CODE = "PE332"
NAME = "unstated-unknown"
SUBJECTS = (Rule,)


def check(part: Rule, site: Site) -> Iterator[Finding]:
    """The finding that `on_unknown` is missing, if so."""
    denies = isinstance(part.then.terminal, Deny)
    if part.on_unknown is not None or not (denies or part.then.modifiers.only):
        return
    around = site.around
    fact = None if part.when is None else can_be_unknown(part.when, around.facts, around.declarations)
    fact = fact or key_can_be_unknown(part.then, around.facts)
    if fact is not None and part.address.child("on_unknown") not in around.losses.places:
        yield Finding(
            code=CODE,
            name=NAME,
            severity=Severity.ERROR,
            message=f"this rule must say what happens when `{fact}` is unknown",
            address=part.then.address.child("deny" if denies else "only"),
            part=Part.KEY,
            help="add `on_unknown: match` to apply the rule then too, `skip` to pass over it, or `default`",
        )
