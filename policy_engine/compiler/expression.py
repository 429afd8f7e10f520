"""Expressions: parsed by simpleeval, held to an allow-list, typed, and turned into the same nodes as other tests."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from decimal import Decimal
from difflib import get_close_matches

from simpleeval import EvalWithCompoundTypes

from policy_engine.compiler.atoms import Computed, HasAny, InSet, IsTrue
from policy_engine.compiler.faults import bad_expression
from policy_engine.compiler.graph import Node
from policy_engine.compiler.operands import SYMBOLS, numeric_node
from policy_engine.compiler.scope import Scope
from policy_engine.compiler.terms import (
    FORBIDDEN,
    FUNCTIONS,
    MISTYPED,
    TOO_LARGE,
    UNKNOWN_FACT,
    Refusal,
    Term,
    Terms,
    kind_name,
    merged,
)
from policy_engine.diagnostics import Finding, Severity
from policy_engine.model.condition import ExpressionTest, Scalar, Test, kinded
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import Fact
from policy_engine.validator.suggestion import listed

MAX_CHARS = 4_000
MAX_PARTS = 400
MAX_DEPTH = 40

_UNPARSABLE = (bad_expression.CODE, bad_expression.NAME)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Lt: "lt",
    ast.LtE: "lte",
    ast.Gt: "gt",
    ast.GtE: "gte",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.In: "in",
    ast.NotIn: "not_in",
}
_FLIPPED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte", "eq": "eq", "ne": "ne"}


def expression_node(test: ExpressionTest, scope: Scope) -> Node:
    """The node of an expression; one that may not be used is reported and never holds."""
    key = (test.text, scope.answers)
    known = None if scope.path else scope.expressions.get(key)
    if known is not None:
        return known
    try:
        tree = parse_expression(test.text)
        node = _Reader(scope, test).condition(tree)
    except Refusal as refusal:
        scope.report(_finding(refusal, test))
        return scope.never()
    if not scope.path:  # inside a score, the score itself means something else
        scope.expressions[key] = node
    return node


def parse_expression(text: str) -> ast.expr:
    """
    The syntax tree of an expression, within bounds.

    Raises:
        Refusal: it cannot be read, is too large, or holds characters that hide what it says.
    """
    if len(text) > MAX_CHARS:
        raise Refusal(
            TOO_LARGE, f"an expression may have {MAX_CHARS:,} characters at most, this has {len(text):,}", None
        )
    if hidden := _INVISIBLE.search(text):
        raise Refusal(_UNPARSABLE, f"invisible character U+{ord(hidden[0]):04X} in an expression", None, "remove it")
    tree = _parse(text)
    parts, depth = _size(tree)
    if parts > MAX_PARTS or depth > MAX_DEPTH:
        help = "split it into named conditions"
        raise Refusal(TOO_LARGE, f"an expression may have {MAX_PARTS} parts, {MAX_DEPTH} levels deep", None, help)
    _refuse_foreign_letters(text, tree)
    return tree


def _parse(text: str) -> ast.expr:
    flat = text.replace("\n", " ")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python would print its doubts about `\\d` in a text
            # simpleeval takes the first of several statements; `eval` mode refuses whatever is not one expression.
            ast.parse(flat.strip(), mode="eval")
            statement = EvalWithCompoundTypes.parse(flat)
    except (SyntaxError, ValueError) as problem:
        reason = getattr(problem, "msg", None) or str(problem)
        raise Refusal(_UNPARSABLE, f"the expression cannot be read: {reason}", None, _syntax_help(flat)) from None
    except (RecursionError, MemoryError):
        raise Refusal(TOO_LARGE, "the expression is nested too deeply", None) from None
    if not isinstance(statement, ast.Expr):
        raise Refusal(FORBIDDEN, "an expression cannot assign or state, only compare", None)
    return statement.value


def _syntax_help(text: str) -> str | None:
    for pattern, help in _SYNTAX_HELP:
        if pattern.search(text):
            return help
    return None


_SYNTAX_HELP = (
    (re.compile(r"&&|\|\|"), "write `and` and `or`"),
    (re.compile(r"(?<![=!<>])=(?!=)"), "write `==` to compare; an expression cannot assign"),
    (re.compile(r"!(?!=)"), "write `not`"),
    (re.compile(r";"), "write one expression"),
    (re.compile(r"\d(?:\.\d+)?\s*%(?!\s*\w)"), "numbers have no units here: write `0.9` for 90%"),
    (
        re.compile(r"\d(?:k|M|ms|s|m|h|d|w)\b|\$\d"),
        "numbers have no units here: write `8000`, seconds and dollars without sign",
    ),
)


def _size(tree: ast.AST) -> tuple[int, int]:
    """How many nodes a tree has, and how many levels."""
    level, parts, depth = [tree], 0, 0
    while level:
        parts += len(level)
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return parts, depth


def _refuse_foreign_letters(text: str, tree: ast.expr) -> None:
    """Python folds look-alike letters in names into one another; outside of quotes only ASCII may stand."""
    if text.isascii():
        return
    rest = bytearray(text.strip().encode("utf-8", "surrogatepass"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            start, stop = node.col_offset, node.end_col_offset or node.col_offset
            rest[start:stop] = b" " * (stop - start)
    if not bytes(rest).isascii():
        raise Refusal(_UNPARSABLE, "outside of quotes an expression may hold ASCII characters only", None)


class _Reader:
    """Turns the tree of one expression into nodes."""

    def __init__(self, scope: Scope, test: ExpressionTest) -> None:
        self._scope = scope
        self._test = test
        self._terms = Terms(declarations=scope.declarations, answers=scope.answers)

    def condition(self, node: ast.expr) -> Node:
        """The node of a tree that stands where true or false is wanted."""
        interner = self._scope.interner
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return interner.all_of([self.condition(value) for value in values])
            case ast.BoolOp(op=ast.Or(), values=values):
                return interner.any_of([self.condition(value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return interner.negation(self.condition(operand))
            case ast.Compare():
                return interner.all_of(list(self._pairs(node)))
        term = self._terms.read(node)
        if term.kind is not Kind.BOOLEAN:
            message = f"`{term.text}` is {kind_name(term.kind)}, but true or false is wanted here"
            raise Refusal(MISTYPED, message, node, "compare it with something")
        return self._true(term)

    def _true(self, term: Term) -> Node:
        if term.fact is not None:
            return self._scope.leaf(IsTrue(term.fact), term.text)
        return self._computed(term.source, term.text, term)

    def _pairs(self, node: ast.Compare) -> Iterator[Node]:
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            op = _OPERATORS.get(type(operator))
            if op is None:
                raise Refusal(FORBIDDEN, "`is` is not available in expressions", node, "write `==` or `!=`")
            yield self._comparison(op, left, right, node)

    def _comparison(self, op: str, left_tree: ast.expr, right_tree: ast.expr, node: ast.Compare) -> Node:
        left, right = self._terms.read(left_tree), self._terms.read(right_tree)
        if op in ("ne", "not_in"):
            positive = self._positive("eq" if op == "ne" else "in", left, right, node)
            return self._scope.interner.negation(positive)
        return self._positive(op, left, right, node)

    def _positive(self, op: str, left: Term, right: Term, node: ast.Compare) -> Node:
        if op == "in":
            return self._membership(left, right, node)
        if left.fact is None and right.fact is not None and left.literal is not None:
            left, right, op = right, left, _FLIPPED[op]
        self._check_comparable(op, left, right, node)
        if left.fact is not None and right.literal is not None:
            return self._fact_with_literal(left.fact, op, right, node)
        self._refuse_score(left, right, node)
        symbol = SYMBOLS[op]
        return self._computed(
            f"{left.source} {symbol} {right.source}", f"{left.text} {symbol} {right.text}", left, right
        )

    def _fact_with_literal(self, fact: Fact, op: str, right: Term, node: ast.Compare) -> Node:
        value = right.literal
        text = f"{fact.name} {SYMBOLS[op]} {right.text}"
        if fact.name.startswith("score."):
            assert isinstance(value, int | float)
            test = Test(fact=fact.name, op=op, operand=value, address=self._test.address)
            return self._scope.compile(test, self._scope)
        if fact.kind is Kind.BOOLEAN:
            is_true = self._scope.leaf(IsTrue(fact), fact.name)
            return is_true if value else self._scope.interner.negation(is_true)
        if fact.kind is Kind.TEXT:
            assert value is not None
            self._check_choices(fact, (value,), node)
            return self._scope.leaf(InSet(fact, frozenset((value,))), text)
        return numeric_node(fact, op, (Decimal(repr(value)),), text, self._scope)

    def _membership(self, left: Term, right: Term, node: ast.Compare) -> Node:
        text = f"{left.text} in {right.text}"
        if right.items is not None and (
            left.kind.is_numeric != _is_number(right.items[0]) or left.kind not in _MEMBER_KINDS
        ):
            raise Refusal(MISTYPED, f"`{left.text}` can never be in `{right.text}`: their kinds differ", node)
        if right.items is not None and left.fact is not None:
            self._refuse_score(left, right, node)
            self._check_choices(left.fact, right.items, node)
            values = frozenset(float(i) if _is_number(i) else i for i in right.items)
            return self._scope.leaf(InSet(left.fact, values), text)
        if right.kind is Kind.LIST and left.kind is not Kind.LIST and left.kind is not Kind.BOOLEAN:
            if left.literal is not None and right.fact is not None:
                return self._scope.leaf(HasAny(right.fact, frozenset((kinded(left.literal),))), text)
            return self._computed(f"is_listed({left.source}, {right.source})", text, left, right)
        if right.kind is Kind.TEXT and left.kind is Kind.TEXT:
            return self._computed(f"{left.source} in {right.source}", text, left, right)
        raise Refusal(MISTYPED, f"nothing can be `in` `{right.text}`, which is {kind_name(right.kind)}", node)

    def _computed(self, source: str, text: str, *terms: Term) -> Node:
        reads = merged(*(term.reads for term in terms))
        return self._scope.leaf(Computed(f"({source})", text, reads), text)

    def _check_comparable(self, op: str, left: Term, right: Term, node: ast.Compare) -> None:
        numeric = left.kind.is_numeric and right.kind.is_numeric
        if numeric or (op == "eq" and left.kind is right.kind and left.kind is not Kind.LIST):
            return
        if left.kind is right.kind:
            message = f"{kind_name(left.kind)} cannot be compared by `{SYMBOLS[op]}`"
        else:
            told = "can never be equal" if op == "eq" else f"cannot be compared by `{SYMBOLS[op]}`"
            kinds = f"`{left.text}` is {kind_name(left.kind)} and `{right.text}` is {kind_name(right.kind)}"
            message = f"{kinds}; they {told}"
        raise Refusal(MISTYPED, message, node)

    def _refuse_score(self, left: Term, right: Term, node: ast.Compare) -> None:
        for term in (left, right):
            if term.fact is not None and term.fact.name.startswith("score."):
                raise Refusal(MISTYPED, f"score `{term.text}` can only be compared with a number", node)

    def _check_choices(self, fact: Fact, values: tuple[Scalar, ...], node: ast.Compare) -> None:
        for value in values:
            if fact.choices is not None and value not in fact.choices:
                close = get_close_matches(str(value), list(map(str, fact.choices)), n=1)
                help = f"did you mean `{close[0]}`?" if close else f"write {listed([str(c) for c in fact.choices])}"
                raise Refusal(MISTYPED, f"`{fact.name}` can never be `{value}`", node, help)


_MEMBER_KINDS = frozenset(kind for kind in Kind if kind.is_numeric) | {Kind.TEXT}


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_USUAL_HELP = {
    _UNPARSABLE: "write one comparison, or several joined by `and` and `or`, as in `message.chars > 20`",
    FORBIDDEN: f"use facts, literals, comparisons, `and or not in`, + - * / and the functions {', '.join(FUNCTIONS)}",
    MISTYPED: "compare numbers with numbers, and text with text in quotes",
    UNKNOWN_FACT: "facts are named as in conditions: `message.chars`, `attributes.plan`",
    TOO_LARGE: "split it into named conditions",
}


def _finding(refusal: Refusal, test: ExpressionTest) -> Finding:
    code, name = refusal.code
    return Finding(
        code=code,
        name=name,
        severity=Severity.ERROR,
        message=refusal.message,
        help=refusal.help or _USUAL_HELP[refusal.code],
        address=test.address,
        within=_within(refusal.node, test.text),
    )


def _within(node: ast.AST | None, text: str) -> tuple[int, int] | None:
    """Offsets of a node in the author's text: the tree counts UTF-8 bytes of the stripped text."""
    if node is None:
        return None
    lead = len(text) - len(text.lstrip())
    encoded = text.strip().encode("utf-8", "surrogatepass")
    start = len(encoded[: getattr(node, "col_offset", 0)].decode("utf-8", "replace"))
    stop = len(encoded[: getattr(node, "end_col_offset", None) or len(encoded)].decode("utf-8", "replace"))
    return lead + start, lead + stop
