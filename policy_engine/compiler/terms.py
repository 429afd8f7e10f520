"""The values inside expressions: facts, literals and arithmetic, each with its kind, its source and what it reads."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from policy_engine.compiler.faults import expression_too_large, expression_type, forbidden_expression, unknown_fact
from policy_engine.compiler.source import fact_source
from policy_engine.model.condition import Scalar
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind
from policy_engine.model.vocabulary import (
    DECLARED_IN,
    FIXED_NAMES,
    OUTPUT_NAMES,
    SECTIONS,
    Fact,
    Stage,
    declared_names,
    fact_named,
)

MAX_DIGITS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """
    A value in an expression.

    `source` is Python over `f`, in doubles where it is a number; `fact` or `literal` is set where the term is just
    that; a list of literals has `items`.
    """

    kind: Kind
    source: str
    text: str
    reads: tuple[Fact, ...] = ()
    fact: Fact | None = None
    literal: Scalar | None = None
    items: tuple[Scalar, ...] | None = None


class Refusal(Exception):
    """An expression that may not be used: the fault, in words, and the part of the tree it is about."""

    def __init__(self, code: tuple[str, str], message: str, node: ast.AST | None, help: str | None = None) -> None:
        self.code = code
        self.message = message
        self.node = node
        self.help = help
        super().__init__(message)


FORBIDDEN = (forbidden_expression.CODE, forbidden_expression.NAME)
MISTYPED = (expression_type.CODE, expression_type.NAME)
UNKNOWN_FACT = (unknown_fact.CODE, unknown_fact.NAME)
TOO_LARGE = (expression_too_large.CODE, expression_too_large.NAME)

_KIND_NAMES = {Kind.TEXT: "text", Kind.BOOLEAN: "a boolean", Kind.LIST: "a list"}
_OPERATORS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_OPERATOR_NAMES = {ast.Pow: "**", ast.Mod: "%", ast.FloorDiv: "//", ast.LShift: "<<", ast.RShift: ">>"} | {
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
}
_NUMERIC_FUNCTIONS = ("min", "max", "abs")
_TEXT_FUNCTIONS = ("startswith", "endswith")
FUNCTIONS = ("len", "min", "max", "abs", "lower", "startswith", "endswith", "count")


def kind_name(kind: Kind) -> str:
    """A kind in words, numbers of all units being numbers."""
    return _KIND_NAMES.get(kind, "a number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Reads values in expressions; `answers` says whether facts about an answer may be used."""

    declarations: Declarations
    answers: bool

    def read(self, node: ast.expr) -> Term:
        """
        The term of a syntax tree.

        Raises:
            Refusal: it is not allowed, or its kinds do not fit.
        """
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._fact(node)
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return self._list(node, elements)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self._signed(node, self.number(operand))
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Call():
                return self._call(node)
        raise Refusal(FORBIDDEN, _refused_construct(node), node, _construct_help(node))

    def number(self, node: ast.expr) -> Term:
        """The term of a tree that must be a number."""
        term = self.read(node)
        if not term.kind.is_numeric:
            raise Refusal(MISTYPED, f"`{term.text}` is {kind_name(term.kind)}, but a number is wanted here", node)
        if term.fact is not None and term.fact.name.startswith("score."):
            raise Refusal(MISTYPED, f"score `{term.text}` can only be compared with a number", node)
        return term

    def text(self, node: ast.expr) -> Term:
        """The term of a tree that must be a text."""
        term = self.read(node)
        if term.kind is not Kind.TEXT:
            raise Refusal(MISTYPED, f"`{term.text}` is {kind_name(term.kind)}, but text is wanted here", node)
        return term

    def _constant(self, node: ast.Constant) -> Term:
        value = node.value
        text = repr(value) if isinstance(value, str | int) else ast.unparse(node)  # the same, but much faster
        if isinstance(value, bool):
            return Term(kind=Kind.BOOLEAN, source=repr(value), text=text, literal=value)
        if isinstance(value, str):
            return Term(kind=Kind.TEXT, source=repr(value), text=text, literal=value)
        if not isinstance(value, int | float):
            raise Refusal(FORBIDDEN, f"`{text}` is not a value that facts can have", node)
        if (node.end_col_offset or 0) - node.col_offset > MAX_DIGITS:
            raise Refusal(TOO_LARGE, f"a number may have {MAX_DIGITS} digits at most", node, "write fewer digits")
        if not math.isfinite(value):
            raise Refusal(TOO_LARGE, "this number is too large", node, "write a smaller one")
        return Term(kind=Kind.NUMBER, source=repr(float(value)), text=text, literal=value)

    def _fact(self, node: ast.Name | ast.Attribute) -> Term:
        name = _dotted(node)
        fact = fact_named(name, self.declarations)
        if fact is None:
            raise Refusal(UNKNOWN_FACT, f"unknown fact `{name}`", node, self._suggestion(name))
        if fact.stage is Stage.ANSWER and not self.answers:
            message = f"`{name}` is known only in a cascade step's `accept`"
            raise Refusal(UNKNOWN_FACT, message, node, "a rule is tried before any model answers")
        source = fact_source(fact)
        return Term(
            kind=fact.kind,
            source=f"float({source})" if fact.kind.is_numeric else source,
            text=name,
            reads=(fact,),
            fact=fact,
        )

    def _list(self, node: ast.expr, elements: list[ast.expr]) -> Term:
        terms = [self.read(element) for element in elements]
        items = tuple(term.literal for term in terms if term.literal is not None)
        if not terms or len(items) != len(terms):
            raise Refusal(FORBIDDEN, "a list in an expression holds literals only, and at least one", node)
        if len({term.kind for term in terms}) > 1:
            raise Refusal(MISTYPED, "the values of a list must be of one kind", node)
        source = "(" + " ".join(f"{term.source}," for term in terms) + ")"
        return Term(kind=Kind.LIST, source=source, text=_list_text(node, terms), items=items)

    def _signed(self, node: ast.UnaryOp, operand: Term) -> Term:
        sign = "-" if isinstance(node.op, ast.USub) else "+"
        literal = operand.literal
        if isinstance(literal, int | float) and sign == "-":
            literal = -literal
        return Term(
            kind=Kind.NUMBER,
            source=f"({sign}{operand.source})",
            text=ast.unparse(node),
            reads=operand.reads,
            literal=literal,
        )

    def _arithmetic(self, node: ast.BinOp) -> Term:
        symbol = _OPERATORS.get(type(node.op))
        if symbol is None:
            used = _OPERATOR_NAMES[type(node.op)]
            raise Refusal(FORBIDDEN, f"operator `{used}` is not available in expressions", node, "there are + - * /")
        left, right = self.number(node.left), self.number(node.right)
        return Term(
            kind=Kind.NUMBER,
            source=f"({left.source} {symbol} {right.source})",
            text=ast.unparse(node),
            reads=merged(left.reads, right.reads),
        )

    def _call(self, node: ast.Call) -> Term:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS:
            called = ast.unparse(node.func)
            method = isinstance(node.func, ast.Attribute)
            message = f"methods cannot be called: `{called}`" if method else f"unknown function `{called}`"
            raise Refusal(FORBIDDEN, message, node, f"there are {', '.join(FUNCTIONS)}")
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise Refusal(FORBIDDEN, f"`{name}` takes plain arguments only", node)
        kind, arguments = self._arguments(name, node)
        call = f"{name}({', '.join(argument.source for argument in arguments)})"
        return Term(
            kind=kind,
            source=f"float({call})" if kind is Kind.NUMBER else call,
            text=ast.unparse(node),
            reads=merged(*(argument.reads for argument in arguments)),
        )

    def _arguments(self, name: str, node: ast.Call) -> tuple[Kind, list[Term]]:
        given = len(node.args)
        if name in _NUMERIC_FUNCTIONS:
            _expect(given == 1 if name == "abs" else given >= 2, name, node)
            return Kind.NUMBER, [self.number(argument) for argument in node.args]
        if name == "len":
            _expect(given == 1, name, node)
            term = self.read(node.args[0])
            if term.kind not in (Kind.TEXT, Kind.LIST):
                raise Refusal(MISTYPED, f"`{term.text}` is {kind_name(term.kind)} and has no length", node)
            return Kind.NUMBER, [term]
        texts = [self.text(argument) for argument in node.args]
        if name == "lower":
            _expect(given == 1, name, node)
            return Kind.TEXT, texts
        _expect(given == 2 if name in _TEXT_FUNCTIONS else given >= 2, name, node)
        return (Kind.BOOLEAN if name in _TEXT_FUNCTIONS else Kind.NUMBER), texts

    def _suggestion(self, name: str) -> str | None:
        if name.lower() in ("true", "false"):
            return f"write `{name.lower().capitalize()}`, or the fact alone, or `not` before it"
        close = get_close_matches(name, list(fact_names(self.declarations, self.answers)), n=1)
        if close:
            return f"did you mean `{close[0]}`?"
        return "text must be quoted; facts are listed in the language manual" if "." not in name else None


def fact_names(declarations: Declarations, answers: bool) -> set[str]:
    """Every fact name that an expression of this bundle can use."""
    names = {"task", *FIXED_NAMES, *(OUTPUT_NAMES if answers else ())}
    for section in DECLARED_IN:
        fields = [f".{field}" for field in SECTIONS.get(section, ())] or [""]
        names |= {f"{section}.{name}{field}" for name in declared_names(section, declarations) for field in fields}
    return names


def merged(*reads: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts of several terms, each once."""
    return tuple(dict.fromkeys(fact for facts in reads for fact in facts))


_USES = {
    "len": "len(message.text)",
    "min": "min(message.tokens, 100)",
    "max": "max(message.tokens, 100)",
    "abs": "abs(message.tokens)",
    "lower": "lower(message.text)",
    "startswith": 'startswith(message.text, "Hi")',
    "endswith": 'endswith(message.text, "?")',
    "count": 'count(message.text, "?")',
}


def _list_text(node: ast.expr, terms: list[Term]) -> str:
    inner = ", ".join(term.text for term in terms)
    if isinstance(node, ast.List):
        return f"[{inner}]"
    return f"({inner},)" if len(terms) == 1 else f"({inner})"


def _expect(enough: bool, name: str, node: ast.Call) -> None:
    if not enough:
        given = "1 value" if len(node.args) == 1 else f"{len(node.args)} values"
        raise Refusal(FORBIDDEN, f"`{name}` does not take {given}", node, f"write `{_USES[name]}`")


def _dotted(node: ast.Name | ast.Attribute) -> str:
    steps: list[str] = []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        steps.append(inner.attr)
        inner = inner.value
    if not isinstance(inner, ast.Name):
        raise Refusal(FORBIDDEN, f"`{ast.unparse(node)}` reaches into a value", node, "only facts have dotted names")
    return ".".join([inner.id, *reversed(steps)])


_CONSTRUCTS: Mapping[type[ast.AST], str] = {
    ast.Lambda: "functions cannot be defined in an expression",
    ast.IfExp: "`if … else` is not available in expressions",
    ast.Subscript: "values cannot be indexed in an expression",
    ast.JoinedStr: "formatted text is not available in expressions",
    ast.NamedExpr: "an expression cannot assign",
    ast.Dict: "mappings are not available in expressions",
    ast.Set: "sets are not available in expressions",
    ast.Starred: "`*` before a value is not available in expressions",
    ast.Await: "`await` is not available in expressions",
    ast.Yield: "`yield` is not available in expressions",
    ast.YieldFrom: "`yield` is not available in expressions",
    ast.ListComp: "comprehensions are not available in expressions",
    ast.SetComp: "comprehensions are not available in expressions",
    ast.DictComp: "comprehensions are not available in expressions",
    ast.GeneratorExp: "comprehensions are not available in expressions",
    ast.BoolOp: "`and`, `or` and `not` join conditions, not values",
    ast.Compare: "a comparison cannot be a value inside another",
    ast.UnaryOp: "`and`, `or` and `not` join conditions, not values",
}


def _refused_construct(node: ast.AST) -> str:
    return _CONSTRUCTS.get(type(node), f"`{ast.unparse(node)}` is not available in expressions")


def _construct_help(node: ast.AST) -> str | None:
    if isinstance(node, ast.Subscript):
        return 'write `attributes.plan`, not `attributes["plan"]`'
    return None
