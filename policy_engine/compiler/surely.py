"""Rules as Python for requests that lack something a rule reads: surely true, surely false, or too little is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy_engine.compiler.atoms import Scored
from policy_engine.compiler.graph import Node, Op
from policy_engine.compiler.program import Writer
from policy_engine.compiler.rule import CompiledRule
from policy_engine.compiler.source import EXPRESSION_FUNCTIONS, define_function
from policy_engine.model.facts import Facts
from policy_engine.model.policy import OnUnknown

TRUE, FALSE = 1, 2
"""As `evaluator.possible` writes them; 0 is for "too little is known"."""

Sure = Callable[[Facts], int]


class SurePrograms(dict[int, Sure]):
    """
    Functions that say whether a rule surely holds or surely does not, by its bit; each is written when first asked for.

    Unlike `program.Programs` they may be called whatever is missing. What they leave open, and what raises
    ArithmeticError, is for the three-valued walk.
    """

    def __init__(self, rules: Sequence[CompiledRule]) -> None:
        super().__init__()
        self._rules = rules

    def __missing__(self, bit: int) -> Sure:
        program = self[bit] = sure_program(self._rules[bit.bit_length() - 1])
        return program


def sure_program(rule: CompiledRule) -> Sure:
    """The function for one rule: TRUE, FALSE or 0."""
    writer = _SureWriter()
    nodes = [node for node in (rule.node, rule.hit) if node is not None]
    # Unless unknown rules are skipped, a condition that is unknown is to be told even where the cache has nothing.
    refuting = nodes if rule.on_unknown is OnUnknown.SKIP else nodes[: rule.node is not None]
    false = " or ".join(writer.surely(node, wanted=False) for node in refuting) or "False"
    true = " and ".join(writer.surely(node, wanted=True) for node in nodes) or "True"
    lines = ["m = f.missing", f"if {false}: return {FALSE}", f"return {TRUE} if {true} else 0"]
    return define_function(lines, {**EXPRESSION_FUNCTIONS, **writer.bound})


class _SureWriter(Writer):
    """Writes what is surely true or surely false: `not` swaps the two, and a test that lacks something is neither."""

    def surely(self, node: Node, *, wanted: bool) -> str:
        """Python that is true only where the node has the wanted value for sure."""
        if node.op is Op.NOT:
            return self.surely(node.children[0], wanted=not wanted)
        if node.op is not Op.LEAF:
            joint = " and " if (node.op is Op.ALL) is wanted else " or "
            return "(" + joint.join(self.surely(child, wanted=wanted) for child in node.children) + ")"
        if isinstance(node.atom, Scored):
            return self._score(node.atom, node.children, wanted=wanted)
        said = self.source(node) if wanted else f"(not {self.source(node)})"
        return f"(not m & {node.reads} and {said})" if node.reads else said

    def _score(self, atom: Scored, parts: tuple[Node, ...], *, wanted: bool) -> str:
        """The sum as an interval: the least and the most that it can be."""
        least, most = (self._sum(atom.points, parts, most=most) for most in (False, True))
        if wanted:
            tests = [(atom.low, f"{least} >= "), (atom.high, f"{most} < ")]
        else:
            tests = [(atom.low, f"{most} < "), (atom.high, f"{least} >= ")]
        written = [f"{test}{self.name(bound)}" for bound, test in tests if bound is not None]
        return "(" + (" and " if wanted else " or ").join(written or [str(wanted)]) + ")"

    def _sum(self, points: Sequence[int], parts: Sequence[Node], *, most: bool) -> str:
        terms = [self._term(worth, part, most=most) for worth, part in zip(points, parts, strict=True)]
        return "(" + " + ".join(terms or ["0"]) + ")"

    def _term(self, worth: int, part: Node, *, most: bool) -> str:
        if (worth > 0) is most:  # counted unless it is surely false
            return f"{worth} * (not {self.surely(part, wanted=False)})"
        return f"{worth} * {self.surely(part, wanted=True)}"
