"""A step's gate: the facts of an answer, and whether the compiled condition accepts them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.compiler.answers import is_json
from policy_engine.compiler.atoms import Judged
from policy_engine.compiler.graph import Node, Op, leaves
from policy_engine.compiler.probes import judged_fact
from policy_engine.evaluator.possible import FALSE, TRUE, is_settled, outcomes
from policy_engine.model.call import Reply
from policy_engine.model.facts import Facts
from policy_engine.model.texts import count_lines, count_words, estimate_tokens


def answer_facts(reply: Reply) -> Mapping[str, Any]:
    """What a gate can know about an answer, by the names after `output.`; what the provider cannot say is left out."""
    text = reply.text
    known: dict[str, Any] = {
        "text": text,
        "chars": len(text),
        "words": count_words(text),
        "lines": count_lines(text),
        "tokens": estimate_tokens(text) if reply.usage is None else reply.usage.output_tokens,
        "finish_reason": reply.finish_reason,
        "json": is_json(text),
    }
    if reply.confidence is not None:
        known["confidence"] = reply.confidence
    elif reply.logprobs:
        known["confidence"] = mean_probability(reply.logprobs)
    return {name: known[name] for name in known if name not in _lost(reply.unsaid)} if reply.unsaid else known


def _lost(unsaid: frozenset[str]) -> frozenset[str]:
    """What cannot be known without what is unsaid."""
    return unsaid | _OF_TEXT if "text" in unsaid else unsaid


_OF_TEXT = frozenset(("chars", "words", "lines", "json"))


def mean_probability(logprobs: tuple[float, ...]) -> float:
    """The mean probability of an answer's tokens, from their natural logarithms."""
    return math.fsum(map(math.exp, logprobs)) / len(logprobs)


def reads_confidence(gate: Node | None) -> bool:
    """Whether a gate needs token probabilities, which have to be asked for."""
    return gate is not None and any(("output.confidence" in dict(leaf.groups)) for leaf in leaves(gate))


def judges_wanted(gate: Node, facts: Facts) -> Iterator[Judged]:
    """The judges whose score could still settle the gate."""
    if is_settled(outcomes(gate, facts)):
        return
    if isinstance(gate.atom, Judged) and judged_fact(gate.atom).group not in facts.signals:
        yield gate.atom
    for child in gate.children:
        yield from judges_wanted(child, facts)


def verdict_of(gate: Node, facts: Facts, causes: Mapping[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """
    `true`, `false` or `unknown`, and the tests that kept it from being true.

    Args:
        causes: why what is unknown is so, by group.
    """
    possible = outcomes(gate, facts)
    if possible == TRUE:
        return "true", ()
    reasons = dict.fromkeys(_reason(leaf, facts, causes or {}) for leaf in _blamed(gate, facts, TRUE))
    return ("false" if possible == FALSE else "unknown"), tuple(reasons)


def _blamed(node: Node, facts: Facts, wanted: int) -> Iterator[Node]:
    """The tests that keep a condition from this outcome; below a `not` it is the opposite one."""
    if outcomes(node, facts) == wanted:
        return
    if node.op is Op.LEAF:
        yield node
        return
    if node.op is Op.NOT:
        wanted = FALSE if wanted == TRUE else TRUE
    for child in node.children:
        yield from _blamed(child, facts, wanted)


def _reason(leaf: Node, facts: Facts, causes: Mapping[str, str]) -> str:
    found = outcomes(leaf, facts)
    if found in (TRUE, FALSE):
        return f"{leaf.text} {'holds' if found == TRUE else 'does not hold'}"
    known = [causes[group] for group, _ in leaf.groups if group in causes]
    return f"{leaf.text} is unknown" + (f": {'; '.join(known)}" if known else "")
