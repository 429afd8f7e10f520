"""
unset-placeholder: a template's placeholder can be left unset by a request that the rule matches.

Avoid:
    # rules.yaml
    rules:
      - {name: order-status, when: {task: order_status}, then: {respond: {template: status.txt}}}
    # status.txt
    Your order ${order_id} is on its way.
Prefer:
    # rules.yaml
    rules:
      - name: order-status
        when: {task: order_status, message: {matches: 'order (?P<order_id>[0-9]{6,10})'}}
        then: {respond: {template: status.txt}}
    # status.txt
    Your order ${order_id} is on its way.
Why:
    A placeholder takes a named group of the pattern that the rule's message must match, or an attribute that the rule
    requires or that has a default. If a request can match without setting it, its answer would have a hole.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import Condition, Test
from policy_engine.model.effect import Respond
from policy_engine.model.policy import OnUnknown, Rule
from policy_engine.validator.certainty import conjuncts
from policy_engine.validator.groups import names_in, surely_set
from policy_engine.validator.suggestion import closest, listed
from policy_engine.validator.surroundings import Site
from policy_engine.validator.template import placeholders_in, template_text
from policy_engine.validator.walk import named_in

CODE = "PE335"
NAME = "unset-placeholder"
SUBJECTS = (Respond,)


def check(part: Respond, site: Site) -> Iterator[Finding]:
    """One finding for each placeholder that may be unset."""
    if part.template is None:
        return
    text = template_text(site.around.declarations.assets.get(part.template, b""))
    available = _available(site)
    for placeholder in placeholders_in(text or ""):
        name = placeholder.name
        if name is not None and name not in available and not _may_be_set(name, site):
            yield Finding(
                code=CODE,
                name=NAME,
                severity=Severity.ERROR,
                message=f"placeholder `{name}` can be left unset (line {placeholder.line} of the template)",
                address=part.address.child("template"),
                help=_help(name, available, site),
            )


def _available(site: Site) -> frozenset[str]:
    """The names that are set whenever the answer is given."""
    declarations = site.around.declarations
    names = {f"attributes.{name}" for name, declared in declarations.attributes.items() if declared.default is not None}
    if declarations.default_task is not None:
        names.add("task")
    rule = site.rule
    if rule is not None and rule.on_unknown is not OnUnknown.MATCH:
        for condition in conjuncts(rule.when, declarations):
            names |= _set_by(condition)
    return frozenset(names)


def _may_be_set(name: str, site: Site) -> bool:
    """Whether what could not be read may set it: the attribute's declaration, or a part of the rule."""
    losses, rule = site.around.losses, site.rule
    if losses.may_hold(name.removeprefix("attributes.")):
        return True
    return rule is not None and losses.has_place_below(rule.address)


def _set_by(condition: Condition) -> frozenset[str]:
    """What is set when a condition is true."""
    if not isinstance(condition, Test):
        return frozenset()
    if condition.op == "matches" and condition.fact in ("message.text", "input.text"):
        patterns = condition.operand
        alone = isinstance(patterns, tuple) and len(patterns) == 1
        return surely_set(str(patterns[0])) if alone and isinstance(patterns, tuple) else frozenset()
    section, name = named_in(condition)
    if condition.fact == "task":
        return frozenset(("task",))
    if section == "attributes" and (condition.op != "exists" or condition.operand is True):
        return frozenset((f"attributes.{name}",))
    return frozenset()


def _help(name: str, available: frozenset[str], site: Site) -> str:
    meant = closest(name, available)
    if meant is not None:
        return f"did you mean `{meant}`?"
    if name in _optional_groups(site.rule):
        return f"not every match sets the group `{name}`; give one pattern in which it is not optional"
    if name.startswith("attributes."):
        return (
            f"give the attribute a default, or require it in the rule: `attributes: {{{name[11:]}: {{exists: true}}}}`"
        )
    return f"set here are {listed(sorted(available))}" if available else f"add `(?P<{name}>…)` to the rule's pattern"


def _optional_groups(rule: Rule | None) -> frozenset[str]:
    from policy_engine.validator.walk import parts_of_condition

    found: frozenset[str] = frozenset()
    for part in parts_of_condition(rule.when) if rule is not None and rule.when is not None else ():
        if isinstance(part, Test) and part.op == "matches" and isinstance(part.operand, tuple):
            found = found.union(*(names_in(str(pattern)) for pattern in part.operand))
    return found
