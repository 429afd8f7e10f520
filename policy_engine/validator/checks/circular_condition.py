"""
circular-condition: a named condition or a score is defined by itself.

Avoid:
    conditions:
      urgent: {any: [{attributes: {stakes: high}}, {condition: escalated}]}
      escalated: {condition: urgent}
    rules:
      - {name: urgent, when: {condition: urgent}, then: {route: frontier}}
Prefer:
    conditions:
      urgent: {any: [{attributes: {stakes: high}}, {condition: escalated}]}
      escalated: {conversation: {tool_errors: {gte: 3}}}
    rules:
      - {name: urgent, when: {condition: urgent}, then: {route: frontier}}
Why:
    A condition is as true as what it is made of. If it is made of itself, directly or through others or through a
    score, there is no answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy_engine.diagnostics import Address, Finding, Part, RelatedAddress, Severity
from policy_engine.model.condition import Condition, ExpressionTest, Reference, Test
from policy_engine.model.policy import Declarations
from policy_engine.validator.certainty import names_in
from policy_engine.validator.surroundings import Site
from policy_engine.validator.walk import named_in, parts_of_condition

CODE = "PE316"
NAME = "circular-condition"
SUBJECTS = (Declarations,)


def check(part: Declarations, site: Site) -> Iterator[Finding]:  # noqa: ARG001  (all checks are called alike)
    """One finding for each circle, at the first of its names."""
    uses = _uses(part)
    settled: set[str] = set()
    for name in uses:
        if name not in settled:
            circle = _circle_from(name, uses, settled)
            if circle:
                yield _finding(circle, part)


def _uses(declarations: Declarations) -> Mapping[str, tuple[str, ...]]:
    """What each condition and score is made of, as `condition.NAME` and `score.NAME`."""
    uses = {f"condition.{name}": tuple(_named_in(declared.when)) for name, declared in declarations.conditions.items()}
    for name, score in declarations.scores.items():
        uses[f"score.{name}"] = tuple(used for part in score.parts for used in _named_in(part.when))
    return uses


def _named_in(condition: Condition | None) -> Iterator[str]:
    for part in parts_of_condition(condition) if condition is not None else ():
        if isinstance(part, Reference):
            yield f"condition.{part.name}"
        elif isinstance(part, Test) and part.fact.startswith("score."):
            yield f"score.{named_in(part)[1]}"
        elif isinstance(part, ExpressionTest):
            yield from (name for name in names_in(part.text) if name.startswith("score."))


def _circle_from(start: str, uses: Mapping[str, tuple[str, ...]], settled: set[str]) -> tuple[str, ...]:
    """The first circle that is met on the way down from `start`; what was visited is added to `settled`."""
    path: list[str] = []
    pending = [(start, iter(uses[start]))]
    path.append(start)
    while pending:
        name, rest = pending[-1]
        used = next(rest, None)
        if used is None:
            settled.add(name)
            pending.pop()
            path.pop()
        elif used in path:
            settled.update(path)
            return tuple(path[path.index(used) :])
        elif used in uses and used not in settled:
            pending.append((used, iter(uses[used])))
            path.append(used)
    return ()


def _finding(circle: tuple[str, ...], declarations: Declarations) -> Finding:
    words = [name.replace(".", " `", 1) + "`" for name in circle]
    chain = " uses ".join([*words, words[0]])
    return Finding(
        code=CODE,
        name=NAME,
        severity=Severity.ERROR,
        message=f"{words[0]} is defined by itself",
        address=_address(circle[0], declarations),
        part=Part.KEY,
        help=f"{chain}; break the circle" if len(circle) > 1 else "say what it means without naming it",
        related=tuple(
            RelatedAddress(address=_address(name, declarations), message="part of the circle", part=Part.KEY)
            for name in circle[1:]
        ),
    )


def _address(name: str, declarations: Declarations) -> Address:
    sort, _, own = name.partition(".")
    return declarations.conditions[own].address if sort == "condition" else declarations.scores[own].address
