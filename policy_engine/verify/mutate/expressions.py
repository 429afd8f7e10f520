"""Expressions with one operator or number changed, or one part gone."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from policy_engine.model.condition import ExpressionTest

_TWINS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def changed_expressions(test: ExpressionTest) -> Iterator[ExpressionTest]:
    """The expression with each comparison, each `and` or `or`, and each part of those changed, one at a time."""
    try:
        tree = ast.parse(test.text.strip(), mode="eval")
    except SyntaxError:
        return
    for number, node in enumerate(ast.walk(tree)):
        for change in range(_changes(node)):
            changed = copy.deepcopy(tree)
            _change(list(ast.walk(changed))[number], change)
            yield replace(test, text=ast.unparse(changed))


def _changes(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return 1 + len(node.values)
    return 1 if isinstance(node, ast.Compare) and type(node.ops[0]) in _TWINS else 0


def _change(node: ast.AST, change: int) -> None:
    if isinstance(node, ast.BoolOp):
        if change == 0:
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        else:
            del node.values[change - 1]
    elif isinstance(node, ast.Compare):
        node.ops[0] = _TWINS[type(node.ops[0])]()
