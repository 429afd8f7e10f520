"""
unknown-task: a condition or `default_task` names a task that is not declared.

Avoid:
    rules:
      - {name: statuses, when: {task: order_statis}, then: {route: fast}}
Prefer:
    rules:
      - {name: statuses, when: {task: order_status}, then: {route: fast}}
Why:
    A request whose task is not declared is unknown to every rule that asks for the task. So a rule that waits for an
    undeclared task waits for ever, and a mistyped name would go unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Address, Finding
from policy_engine.model.condition import Test
from policy_engine.model.policy import Declarations
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import operands_of, values_in

CODE = "PE302"
NAME = "unknown-task"
SUBJECTS = ("task", Declarations)


def check(part: Test | Declarations, site: Site) -> Iterator[Finding]:
    """One finding for each undeclared task that is compared with."""
    tasks = site.around.tasks
    if isinstance(part, Test) and tasks.issuperset(operands_of(part)):  # nearly always
        return
    for name, address in _tasks_in(part, site):
        if name not in tasks:
            namespace = Namespace(word="task", sections={"tasks": site.around.declarations.tasks})
            yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address)


def _tasks_in(part: Test | Declarations, site: Site) -> Iterator[tuple[str, Address]]:
    if isinstance(part, Declarations):
        place = site.around.sections.get("default_task")
        if part.default_task is not None and place is not None:
            yield part.default_task, place
    elif part.op in ("eq", "ne", "in", "not_in"):
        for value, address in values_in(part):
            if isinstance(value, str):
                yield value, address
