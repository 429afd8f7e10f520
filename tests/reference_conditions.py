"""Conditions and expressions as the reference reads them, from the data of YAML files."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simpleeval import EvalWithCompoundTypes

from policy_engine.model.quantity import Kind, parse_quantity
from tests.reference_facts import Known, group_of
from tests.reference_tests import compares, glob_found, inside_window, is_among, phrase_found, position_of, regex_found
from tests.reference_truth import Node, Score, Test, joined, opposite


@dataclass
class Reader:
    """Reads conditions as they are written in a bundle."""

    bundle: Mapping[str, Any]

    def condition(self, written: Mapping[str, Any], salt: str) -> Node:
        """A mapping, all of whose entries must hold; `salt` is the rule's name."""
        return joined("all", (node for key, value in written.items() for node in self.entry(key, value, salt)))

    def entry(self, key: str, value: Any, salt: str) -> Iterator[Node]:
        """The conditions that one entry of a mapping means."""
        if key in ("all", "any", "none"):
            children = [self.condition(child, salt) for child in value]
            yield joined("all", map(opposite, children)) if key == "none" else joined(key, children)
        elif key == "not":
            yield opposite(self.condition(value, salt))
        elif key == "condition":
            names = value if isinstance(value, list) else [value]
            yield from (self.condition(self.bundle["conditions"][name], salt) for name in names)
        elif key == "time":
            zone = value.get("zone") or self.bundle["zone"]
            yield Test((), lambda known: inside_window(known.moment, value, zone), "time")
        elif key == "sample":
            share = parse_quantity(value["share"], Kind.SHARE)
            by, own = value.get("by", "id"), value.get("salt", salt)
            yield Test((by,), lambda known: position_of(own, known.value(by)) < share, by)
        elif key == "expr":
            yield self.expression(ast.parse(value.replace("\n", " ").strip(), mode="eval").body)
        else:
            yield from self.section(key, value)

    def section(self, key: str, value: Any) -> Iterator[Node]:
        """The tests of one fact section."""
        if key == "task":
            yield from self.tests("task", value)
            return
        for name, inner in value.items():
            if key in ("message", "input") and name in ("matches", "contains"):
                yield self.test(f"{key}.text", name, inner)
            elif key in ("cache", "classifier", "budget", "escalation", "latency", "errors"):
                for measure, range_ in inner.items():
                    yield from self.tests(f"{key}.{name}.{measure}", range_)
            else:
                yield from self.tests(f"{key}.{name}", inner)

    def tests(self, fact: str, written: Any) -> Iterator[Node]:
        """A bare value is `eq`, a list `in`, a mapping one test for each operator."""
        if not isinstance(written, dict):
            written = {"in" if isinstance(written, list) else "eq": written}
        for op, operand in written.items():
            yield self.test(fact, op, operand)

    def test(self, fact: str, op: str, operand: Any) -> Node:
        """One operator on one fact."""
        if op in ("ne", "not_in"):
            return opposite(self.test(fact, {"ne": "eq", "not_in": "in"}[op], operand))
        section, _, name = fact.partition(".")
        group = group_of(fact)
        operands = operand if isinstance(operand, list) else [operand]
        if op == "exists":
            return Test((), lambda known: known.exists(name) is operand, group)
        if section == "score":
            return joined("any", (self.score(name, "eq" if op == "in" else op, one) for one in operands))
        if op in _SEARCHES:
            return Test((fact,), lambda known: _any_found(_SEARCHES[op], operands, known.value(fact)), group)
        if op == "has":
            return Test((fact,), lambda known: any(is_among(one, known.value(fact)) for one in operands), group)
        return Test((fact,), lambda known: compares(known.value(fact), op, operand, _kind(fact)), group)

    def score(self, name: str, op: str, written: Any) -> Score:
        """A score compared with a number."""
        parts = [(Decimal(repr(p["points"])), self.condition(p["when"], "")) for p in self.bundle["scores"][name]]
        return Score(tuple(parts), op, parse_quantity(written, Kind.NUMBER))

    def expression(self, tree: ast.expr) -> Node:
        """An expression: `and`, `or`, `not` and chains are conditions of their own, the rest is evaluated whole."""
        if isinstance(tree, ast.BoolOp):
            how = "all" if isinstance(tree.op, ast.And) else "any"
            return joined(how, map(self.expression, tree.values))
        if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not):
            return opposite(self.expression(tree.operand))
        if not isinstance(tree, ast.Compare):
            return _evaluated(tree)
        sides = [tree.left, *tree.comparators]
        pairs = zip(sides, tree.ops, sides[1:], strict=False)
        return joined("all", (self.pair(left, op, right) for left, op, right in pairs))

    def pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Node:
        """One comparison of an expression; a score is only ever compared with a number."""
        word = _WORDS.get(type(op), "")
        for one, other, says in ((left, right, word), (right, left, _FLIPPED.get(word, word))):
            name = ast.unparse(one)
            if name.startswith("score."):
                return self.test(name, says, ast.literal_eval(other))
        return _evaluated(ast.Compare(left=left, ops=[op], comparators=[right]))


_SEARCHES: Mapping[str, Callable[[str, str], bool | None]] = {
    "matches": regex_found,
    "contains": phrase_found,
    "glob": glob_found,
}
_WORDS = {ast.Lt: "lt", ast.LtE: "lte", ast.Gt: "gt", ast.GtE: "gte", ast.Eq: "eq", ast.NotEq: "ne"}
_FLIPPED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}


def _any_found(search: Callable[[str, str], bool | None], wanted: Sequence[str], text: str) -> bool | None:
    found = [search(one, text) for one in wanted]
    return True if True in found else None if None in found else False


def _kind(fact: str) -> Kind:
    section, _, rest = fact.partition(".")
    if section in ("attributes", "signal"):
        return Kind.NUMBER
    if section in ("message", "input", "conversation", "session"):
        return Kind.COUNT
    kinds = {"left": Kind.MONEY, "requests": Kind.COUNT, "p50": Kind.DURATION, "p95": Kind.DURATION}
    return kinds.get(rest.rpartition(".")[2], Kind.SHARE)


def _evaluated(tree: ast.expr) -> Test:
    """A test that simpleeval makes, dotted names flattened and numbers being doubles."""
    names: dict[str, str] = {}

    class Flatten(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            return ast.Name(id=names.setdefault(ast.unparse(node), f"fact{len(names)}"), ctx=ast.Load())

        def visit_Call(self, node: ast.Call) -> ast.AST:
            return ast.Call(func=node.func, args=[self.visit(argument) for argument in node.args], keywords=[])

        def visit_Name(self, node: ast.Name) -> ast.AST:
            return ast.Name(id=names.setdefault(node.id, f"fact{len(names)}"), ctx=ast.Load())

        def visit_Constant(self, node: ast.Constant) -> ast.AST:
            return ast.Constant(float(node.value)) if type(node.value) is int else node

    flat = Flatten().visit(ast.parse(ast.unparse(tree), mode="eval").body)

    def run(known: Known) -> bool | None:
        values = {short: _double(known.value(fact)) for fact, short in names.items()}
        try:
            return bool(EvalWithCompoundTypes(functions=_FUNCTIONS, names=values).eval("", previously_parsed=flat))
        except ArithmeticError:
            return None

    return Test(tuple(names), run, "expr")


def _double(value: Any) -> Any:
    """Numbers are doubles, and a boolean in a list is nothing that an expression can look for in one."""
    if isinstance(value, list):
        return [object() if isinstance(item, bool) else _double(item) for item in value]
    return float(value) if type(value) is int else value


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "len": len,
    "min": min,
    "max": max,
    "abs": abs,
    "lower": lambda text: text.lower(),
    "startswith": lambda text, start: text.startswith(start),
    "endswith": lambda text, end: text.endswith(end),
    "count": lambda text, *wanted: sum(text.count(one) for one in wanted if one),
}
