"""
The reference evaluator: what a bundle decides about a request, worked out from the data of its YAML files.

It knows nothing of the compiler: no index, no shared tests, no generated code. Conditions are walked as they are
written, expressions are simpleeval's business, patterns are searched one by one, and three-valued truth with signals
that nobody asked for yet is a set of outcomes: True, False and None (unknown).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from simpleeval import EvalWithCompoundTypes

from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.model.request import Request
from tests.reference_facts import GROUP_STAGES, PENDING, UNKNOWN, Known, group_of
from tests.reference_routes import Models
from tests.reference_tests import compares, glob_found, inside_window, phrase_found, position_of, regex_found

Outcomes: TypeAlias = frozenset[bool | None]
OPEN: Outcomes = frozenset((True, False, None))


@dataclass(frozen=True)
class Test:
    """A single test: the facts it reads, what it says about their values (None: it cannot tell), and whom it blames."""

    __test__ = False
    facts: tuple[str, ...]
    run: Callable[[Known], bool | None]
    blames: str


@dataclass(frozen=True)
class Score:
    """A sum of points over conditions, compared with a number."""

    parts: tuple[tuple[Decimal, Node], ...]
    op: str
    number: Decimal


@dataclass(frozen=True)
class Join:
    """Several conditions as one: `all`, `any`, or `not` for a single one."""

    how: str
    children: tuple[Node, ...]


def joined(how: str, children: Iterable[Node]) -> Node:
    """Conditions as one; what is joined the same way further down is part of it, so that it is asked about at once."""
    inner = (one.children if isinstance(one, Join) and one.how == how else (one,) for one in children)
    flat = tuple(node for nodes in inner for node in nodes)
    return flat[0] if len(flat) == 1 else Join(how, flat)


def opposite(node: Node) -> Node:
    """The negation of a condition."""
    return node.children[0] if isinstance(node, Join) and node.how == "not" else Join("not", (node,))


Node: TypeAlias = Test | Score | Join


@dataclass(frozen=True)
class Answer:
    """What was decided, as far as the reference goes."""

    rule: str | None
    effect: str
    model: str | None
    tier: str | None
    tags: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass
class Rule:
    """A rule, read: its condition with its file's, and that its cache hits (None if it answers from none)."""

    written: Mapping[str, Any]
    when: Node
    hit: Node | None


@dataclass
class Reference:
    """The policies of a bundle, given as the data of its files by path."""

    files: Mapping[str, Mapping[str, Any]]
    rules: list[Rule] = field(init=False)

    def __post_init__(self) -> None:
        self.bundle = _merged(self.files)
        reader = Reader(self.bundle)
        written = [(file, rule) for _, file in sorted(self.files.items()) for rule in file.get("rules", ())]
        written.sort(key=lambda pair: -pair[1].get("priority", 0))
        self.rules = [reader.rule(rule, file.get("when")) for file, rule in written if rule.get("enabled", True)]

    def decide(self, request: Request, learnable: Mapping[str, Any] | None = None) -> Answer:
        """The decision; a signal that the request does not supply has the value in `learnable`, else is unknown."""
        known = Known(request=request, bundle=self.bundle, learnable=learnable or {})
        while True:  # a decision is a function of all signals that were asked for, whichever rule asked
            asked = len(known.signals)
            answer = self._answer(known)
            if len(known.signals) == asked:
                return answer

    def _answer(self, known: Known) -> Answer:
        gathered: list[Mapping[str, Any]] = []
        unknown: set[str] = set()
        name, then = None, self.bundle["default"]
        for rule in self.rules:
            tried = _try(rule, known, unknown)
            if tried == "default":
                break
            if tried and _is_terminal(rule.written["then"]):
                name, then = rule.written["name"], rule.written["then"]
                break
            if tried:
                gathered.append(rule.written["then"])
        effect, model, tier = Models(self.bundle, known).choice(name, then, gathered)
        tags = dict.fromkeys(tag for one in (*gathered, then) for tag in one.get("tags", ()))
        return Answer(name, effect, model, tier, tuple(tags), tuple(sorted(unknown)))


def _merged(files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    bundle: dict[str, Any] = {}
    for _, data in sorted(files.items()):
        for section, value in data.items():
            if isinstance(value, dict) and section not in ("default", "when"):
                bundle[section] = {**bundle.get(section, {}), **value}
            elif isinstance(value, list):
                bundle[section] = [*bundle.get(section, []), *value]
            else:
                bundle[section] = value
    return bundle


def _is_terminal(then: Mapping[str, Any]) -> bool:
    return any(effect in then for effect in ("respond", "route", "cascade", "deny"))


def _try(rule: Rule, known: Known, unknown: set[str]) -> str | bool:
    """Whether a rule matches, or `default`; what leaves it unknown is added to `unknown`."""
    on_unknown = rule.written.get("on_unknown", "skip")
    while True:
        when = outcomes(rule.when, known)
        hit = frozenset((True,)) if rule.hit is None else outcomes(rule.hit, known)
        is_open = when != {False} and (on_unknown != "skip" or (True in when and True in hit))
        undecided = rule.when if len(when) > 1 else rule.hit
        asked = set(pending(undecided, known)) if is_open and undecided is not None else set()
        if not asked:
            break
        first = min(stage for stage, _ in asked)
        known.ask(group for stage, group in asked if stage == first)
    if when == {False} or (on_unknown == "skip" and hit == {False}):
        return False
    if None in when:
        unknown.update(blamed(rule.when, known))
        if on_unknown != "match":
            return "default" if on_unknown == "default" else False
    if None in hit and rule.hit is not None:
        unknown.update(blamed(rule.hit, known))
    return hit == {True}


def outcomes(node: Node, known: Known) -> Outcomes:
    """What a condition can still turn out to be, each part taken to be free of the others."""
    if isinstance(node, Test):
        values = [known.value(fact) for fact in node.facts]
        if UNKNOWN in values:
            return frozenset((None,))
        return OPEN if PENDING in values else frozenset((node.run(known),))
    if isinstance(node, Score):
        return _score_outcomes(node, known)
    children = [outcomes(child, known) for child in node.children]
    if node.how == "not":
        return frozenset(None if one is None else not one for one in children[0])
    beats = node.how == "any"
    result: Outcomes = frozenset((not beats,))
    for child in children:
        result = frozenset(_together(one, other, beats) for one in result for other in child)
    return result


def _together(one: bool | None, other: bool | None, beats: bool) -> bool | None:
    """`and` where False beats unknown beats True, `or` where True beats unknown beats False."""
    if one is beats or other is beats:
        return beats
    return None if one is None or other is None else not beats


def _score_outcomes(score: Score, known: Known) -> Outcomes:
    parts = [(points, outcomes(part, known)) for points, part in score.parts]
    least = sum((points for points, can in parts if can == {True} or (points < 0 and can != {False})), Decimal(0))
    most = sum((points for points, can in parts if can == {True} or (points > 0 and can != {False})), Decimal(0))
    every, none = {
        "lt": (most < score.number, least >= score.number),
        "lte": (most <= score.number, least > score.number),
        "gt": (least > score.number, most <= score.number),
        "gte": (least >= score.number, most < score.number),
        "eq": (least == most == score.number, not least <= score.number <= most),
    }[score.op]
    if every or none:
        return frozenset((every,))
    return OPEN if any(len(can) > 1 for _, can in parts) else frozenset((None,))


def _children(node: Node) -> Sequence[Node]:
    if isinstance(node, Test):
        return ()
    return node.children if isinstance(node, Join) else [part for _, part in node.parts]


def blamed(node: Node, known: Known) -> Iterator[str]:
    """The names of what leaves a condition unknown, unless something else settles it."""
    can = outcomes(node, known)
    if isinstance(node, Test) and can == {None}:
        missing = {group_of(fact) for fact in node.facts if known.value(fact) is UNKNOWN}
        yield from missing or {node.blames}
    if None in can:
        for child in _children(node):
            yield from blamed(child, known)


def pending(node: Node, known: Known) -> Iterator[tuple[int, str]]:
    """The signals, as (stage, name), that could still settle a condition."""
    if len(outcomes(node, known)) == 1:
        return
    if isinstance(node, Test):
        groups = [group_of(fact) for fact in node.facts if known.value(fact) is PENDING]
        yield from ((GROUP_STAGES[group.partition(".")[0]], group) for group in groups)
    for child in _children(node):
        yield from pending(child, known)


@dataclass
class Reader:
    """Reads conditions as they are written in a bundle."""

    bundle: Mapping[str, Any]

    def rule(self, written: Mapping[str, Any], outer: Mapping[str, Any] | None) -> Rule:
        """A rule with its file's `when`; a sticky choice needs its key, so the rule asks for that as well."""
        conditions = [self.condition(one, written["name"]) for one in (outer, written.get("when")) if one]
        then = written["then"]
        route = then.get("route")
        for link in route if isinstance(route, list) else [route]:
            if isinstance(link, dict) and "split" in link:
                key = link.get("by", "id")
                conditions.append(Test((key,), lambda _: True, key))
        cache = then.get("respond", {}).get("cache")
        hit = None if cache is None else self.test(f"cache.{cache}.hit", "eq", True)
        return Rule(written, joined("all", conditions), hit)

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
            return Test((fact,), lambda known: any(one in known.value(fact) for one in operands), group)
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
