"""
unknown-signal: a condition reads a signal of your own that nothing declares.

Avoid:
    signals:
      risk: {type: number, timeout: 50ms}
    rules:
      - {name: risky, when: {signal: {rysk: {gt: 0.5}}}, then: {route: frontier}}
Prefer:
    signals:
      risk: {type: number, timeout: 50ms}
    rules:
      - {name: risky, when: {signal: {risk: {gt: 0.5}}}, then: {route: frontier}}
Why:
    A signal of your own is registered in Python; its declaration under `signals` gives its type and its timeout, so
    that conditions can be checked before there is a program. One that is not declared is never asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy_engine.diagnostics import Finding, Part
from policy_engine.model.condition import Test
from policy_engine.validator.surroundings import Site
from policy_engine.validator.unknown_name import Namespace, unknown_name
from policy_engine.validator.walk import address_of_name, named_in

CODE = "PE312"
NAME = "unknown-signal"
SUBJECTS = ("signal",)


def check(part: Test, site: Site) -> Iterator[Finding]:
    """The finding that the signal is not declared, if so."""
    name = named_in(part)[1]
    declared = site.around.declarations.signals
    if name not in declared:
        namespace = Namespace(word="signal", sections={"signals": declared})
        address = address_of_name(part)
        yield from unknown_name(name, namespace, code=(CODE, NAME), site=site, address=address, part=Part.KEY)
