"""Requests that lie in given cells: what a solver found, as a request that somebody could send."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Any

from policy_engine.analyzer.cells import Cell, Exactly, Mark, Moment, Positions, Segment, Span, spans_of
from policy_engine.analyzer.domains import Domains
from policy_engine.analyzer.shapes import messages_of, tools_of
from policy_engine.analyzer.solver import State
from policy_engine.analyzer.texts import LONGEST, Wish, texts
from policy_engine.analyzer.values import Need, invalid_value, value_for
from policy_engine.compiler.atoms import Computed
from policy_engine.model.policy import Declarations
from policy_engine.model.quantity import Kind
from policy_engine.model.texts import estimate_tokens, newest_user_text, whole_text
from policy_engine.model.vocabulary import CONVERSATION_COUNTS, CONVERSATION_FLAGS, MEASURES, Fact

TEXTS = 3
SIZES = 6
"""How many texts are tried for each of message and input, and how many combinations of sizes."""

_ANY: Span = (0, None)


@dataclass(slots=True, kw_only=True)
class Picks:
    """What was picked for each fact: its cell, and the patterns, members and hashes that go with it."""

    cells: dict[str, Cell] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    found: dict[str, list[str]] = field(default_factory=dict)
    avoided: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, list[Any]] = field(default_factory=dict)
    hashes: dict[str, list[tuple[str, Positions]]] = field(default_factory=dict)
    computed: list[Computed] = field(default_factory=list)
    given: dict[str, bool] = field(default_factory=dict)
    moment: Moment | None = None


def requests_of(
    state: State, domains: Domains, declarations: Declarations, *, seeds: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """
    Requests, as JSON, that probably lie in the cells of a state; to be tried.

    Args:
        seeds: texts to try first, such as those of a rule's examples.
    """
    picks = _picked(state, domains)
    maker = _Maker(picks, domains, declarations)
    for hint in (_Hint(), *_hints(picks.computed)):
        yield from maker.requests((*hint.texts, *seeds), hint.numbers)


def _picked(state: State, domains: Domains) -> Picks:
    picks = Picks()
    space = domains.space
    for key, variable in domains.numbers.items():
        if variable not in state:
            continue
        left = space.cells_left(state, variable)
        known = left & ~space.unknown[variable] or left
        cells = space.cells_of(known, variable)
        _pick(picks, key, cells)
    return picks


def _pick(picks: Picks, key: object, cells: Sequence[Cell]) -> None:
    cell = cells[0]
    if key == "clock":
        picks.moment = cell if isinstance(cell, Moment) else None
        return
    if not isinstance(key, tuple):
        return
    match key:
        case ("status", str(section)):
            picks.given[section] = cell is Mark.KNOWN
        case (str(name), "pattern", str(pattern), _):
            if len(cells) == 1 or cell is not Mark.NO:
                (picks.found if cell is Mark.YES else picks.avoided).setdefault(name, []).append(pattern)
        case (str(name), "member", (_, value), _):
            if cell is Mark.YES:
                picks.members.setdefault(name, []).append(value)
        case (str(name), "sample", str(salt), _):
            assert isinstance(cell, Positions)
            picks.hashes.setdefault(name, []).append((salt, cell))
        case (str(name), "known", _):
            picks.cells[name] = cell
        case (Computed() as atom, tuple()):
            if cell is not Mark.ABSENT:
                picks.computed.append(atom)
        case (str(name), int()):
            picks.cells[name] = min(cells, key=_plainness)
            picks.spans[name] = spans_of(cells)


def _plainness(cell: Cell) -> int:
    return 1 if isinstance(cell, Segment) and cell.low is None else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hint:
    """What an expression might want: texts to use, values by fact."""

    texts: tuple[str, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict)


def _hints(computed: Sequence[Computed]) -> Iterator[_Hint]:
    """Guesses from the literals of expressions."""
    if not computed:
        return
    strings, numbers = _literals(computed)
    counts = sorted({0, 1, *(int(n) + 1 for n in numbers if 0 <= n < 60)}, reverse=True)
    repeated = tuple(" ".join([text] * count) for text in strings for count in counts if count)
    glued = tuple(f"{text} x" for text in strings) + tuple(f"x {text}" for text in strings)
    yield _Hint(texts=(*repeated, *glued))
    yield from _equal_texts(computed, strings)
    facts = [fact for atom in computed for fact in atom.reads if fact.kind.is_numeric]
    guesses = sorted({0.0, 1.0, *(n + step for n in numbers for step in (-1, 0, 1)), *(n * 10 for n in numbers), 1e6})
    for fact in facts:
        for guess in guesses:
            yield _Hint(texts=repeated, numbers={fact.name: guess})
    for low, high in ((0, 1000), (1000, 0), (1, 1000), (1000, 1)):
        for fact in facts:
            others = {other.name: float(high) for other in facts if other.name != fact.name}
            yield _Hint(numbers={fact.name: float(low), **others})


def _equal_texts(computed: Sequence[Computed], strings: Sequence[str]) -> Iterator[_Hint]:
    """The same text, or two, for facts that are compared with each other."""
    facts = [fact for atom in computed for fact in atom.reads if fact.kind is Kind.TEXT and fact.name[-5:] != ".text"]
    values = list(dict.fromkeys((*(str(one) for fact in facts for one in fact.choices or ()), *strings, "x", "y")))
    for first in values[:6] if facts else ():
        yield _Hint(numbers={fact.name: first for fact in facts})
        yield _Hint(numbers={fact.name: values[-2] if number else first for number, fact in enumerate(facts)})


def _literals(computed: Sequence[Computed]) -> tuple[list[str], list[float]]:
    strings: dict[str, None] = {}
    numbers: dict[float, None] = {}
    for atom in computed:
        for node in ast.walk(ast.parse(atom.text.replace("\n", " ").strip(), mode="eval")):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings[node.value] = None
            elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                numbers[float(node.value)] = None
    return list(strings), list(numbers)


class _Maker:
    """Makes requests of what was picked."""

    def __init__(self, picks: Picks, domains: Domains, declarations: Declarations) -> None:
        self._picks = picks
        self._facts = domains.facts
        self._declarations = declarations
        self._taken = {
            key[0]: frozenset(cell.value for cell in domains.space.cells[variable] if isinstance(cell, Exactly))
            for key, variable in domains.numbers.items()
            if isinstance(key, tuple) and len(key) == 2 and key[0] in domains.facts
        }

    def requests(self, seeds: tuple[str, ...], numbers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Requests with these guesses; none where a value cannot be found."""
        rest = self._rest(numbers)
        if rest is None:
            return
        for spoken in self._spoken(seeds, numbers):
            yield _in_order({**spoken, **rest})

    def _rest(self, numbers: Mapping[str, Any]) -> dict[str, Any] | None:
        request: dict[str, Any] = {}
        if self._picks.moment is not None:
            request["at"] = self._picks.moment.at.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, fact in self._facts.items():
            section, _, rest = name.partition(".")
            if section in ("message", "input", "conversation") and not fact.is_signal:
                continue
            if not self._is_asked(name) and name not in numbers:
                continue
            value = self._value(fact, numbers)
            if value is None:
                return None
            if value is not _NOTHING and not self._is_default(name, value):
                _put(request, fact, section, rest, value)
        return request

    def _is_default(self, name: str, value: object) -> bool:
        if name.startswith("wants."):
            return value is False or value == "auto"
        attribute = self._declarations.attributes.get(name.removeprefix("attributes."))
        return attribute is not None and attribute.default == value and type(attribute.default) is type(value)

    def _is_asked(self, name: str) -> bool:
        picks = self._picks
        return any(name in part for part in (picks.cells, picks.found, picks.avoided, picks.members, picks.hashes))

    def _value(self, fact: Fact, numbers: Mapping[str, Any]) -> Any:
        """The value of a fact, `_NOTHING` for none; None where none can be found."""
        picks, name = self._picks, fact.name
        cell = picks.cells.get(name)
        if cell is Mark.ABSENT:
            return _NOTHING
        if cell is Mark.INVALID:
            return invalid_value(self._declarations.attributes[name.partition(".")[2]])
        if fact.kind is Kind.LIST:
            return list(picks.members.get(name, ()))
        if isinstance(numbers.get(name), str):
            return numbers[name]
        if name in numbers:
            return int(numbers[name]) if fact.integral or numbers[name].is_integer() else numbers[name]
        need = Need(
            cell=cell,
            taken=self._taken.get(name, frozenset()),
            found=tuple(picks.found.get(name, ())),
            avoided=tuple(picks.avoided.get(name, ())),
            hashes=tuple(picks.hashes.get(name, ())),
        )
        return value_for(fact, need)

    def _spoken(self, seeds: tuple[str, ...], numbers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """What is said and the conversation around it."""
        picks = self._picks
        has_message = picks.given.get("message", False) or any(name.startswith("message.") for name in numbers)
        has_input = picks.given.get("input", False) or has_message or any(n.startswith("input.") for n in numbers)
        if not has_input:
            yield self._counted({}, numbers)
            return
        shape = self._shape()
        for message, whole in product(self._wishes("message", seeds, numbers), self._wishes("input", seeds, numbers)):
            said: Iterator[str | None] = islice(texts(message), TEXTS) if has_message else iter((None,))
            for text in said:
                for system in self._around(text, whole):
                    yield self._counted(self._sent(text, system, shape), numbers)

    def _sent(self, text: str | None, system: str | None, shape: Mapping[str, int]) -> dict[str, Any]:
        if not shape and system is None and text is not None:
            return {"input": text}
        tools = {"tools": tools_of(shape["tools"])} if shape.get("tools") else {}
        return {"messages": messages_of(shape, message=text, system=system), **tools}

    def _around(self, text: str | None, whole: Wish) -> Iterator[str | None]:
        """What else is sent so that everything together is as wished: nothing, or a system prompt."""
        if whole.is_open or (text is not None and whole.is_met(text)):
            yield None
            if not whole.is_open:
                return
        own = text or ""
        if not whole.is_open:
            lengths = {"chars": len(own) + 1, "words": len(own.split()), "lines": own.count("\n") + 1} if own else {}
            sizes = {
                name: (_less(low, lengths.get(name, 0)), _less(high, lengths.get(name, 0)))
                for name, (low, high) in whole.sizes.items()
            }
            rest = replace(whole, sizes=sizes)
            yield from islice(texts(rest), TEXTS)

    def _wishes(self, section: str, seeds: tuple[str, ...], numbers: Mapping[str, Any]) -> list[Wish]:
        """What a text is to be like, once for each combination of sizes that it may have."""
        picks, name = self._picks, f"{section}.text"
        measures = [measure for measure in MEASURES if measure != "tokens"]
        spans = [self._spans(f"{section}.{measure}", numbers) for measure in measures]
        found, avoided = tuple(picks.found.get(name, ())), tuple(picks.avoided.get(name, ()))
        return [
            Wish(
                found=found,
                avoided=avoided,
                sizes={measure: span for measure, span in zip(measures, chosen, strict=True) if span != _ANY},
                seeds=seeds,
            )
            for chosen in islice(product(*spans), SIZES)
        ]

    def _spans(self, name: str, numbers: Mapping[str, Any]) -> list[Span]:
        if 0 < numbers.get(name, 0) <= LONGEST:
            return [(numbers[name], None)]
        return self._picks.spans.get(name) or [_ANY]

    def _shape(self) -> dict[str, int]:
        """The counts of the conversation that matter."""
        shape = {}
        for name in (*CONVERSATION_COUNTS, *CONVERSATION_FLAGS):
            cell = self._picks.cells.get(f"conversation.{name}")
            usual = _PLAIN_SHAPE.get(name, 0)
            if isinstance(cell, Segment) and not (
                (cell.low or 0) <= usual and (cell.high is None or usual < cell.high)
            ):
                shape[name] = int(cell.low or 0)
            elif cell is Mark.YES:
                shape[name] = 1
        return shape

    def _counted(self, spoken: dict[str, Any], numbers: Mapping[str, Any]) -> dict[str, Any]:
        tokens = {}
        for section in ("message", "input"):
            cell = self._picks.cells.get(f"{section}.tokens")
            if f"{section}.tokens" in numbers:
                tokens[section] = max(0, int(numbers[f"{section}.tokens"]))
            elif isinstance(cell, Segment):
                estimate = estimate_tokens(_text_of(spoken, section))
                if not ((cell.low or 0) <= estimate and (cell.high is None or estimate < cell.high)):
                    tokens[section] = int(cell.low or 0)
        return {**spoken, "tokens": tokens} if tokens else spoken


_NOTHING = object()
_PLAIN_SHAPE = {"messages": 1, "turns": 1}
"""The counts of one user message; all others are 0."""


def _less(end: float | None, length: int) -> float | None:
    return None if end is None else max(end - length, 0)


def _text_of(spoken: Mapping[str, Any], section: str) -> str:
    messages = spoken.get("messages", ({"role": "user", "content": spoken.get("input", "")},))
    return newest_user_text(messages) or "" if section == "message" else whole_text(messages)


def _put(request: dict[str, Any], fact: Fact, section: str, rest: str, value: Any) -> None:
    if section in ("task", "id", "user") or fact.name == "session":
        request[section] = value
    elif section in ("attributes", "wants"):
        request.setdefault(section, {})[rest] = value
    elif section == "session":
        request.setdefault("signals", {}).setdefault("session", {})[rest] = value
    else:
        signals = request.setdefault("signals", {}).setdefault(section, {})
        name = fact.group.partition(".")[2]
        part = fact.name[len(fact.group) + 1 :]
        if part:
            signals.setdefault(name, {})[part] = value
        else:
            signals[name] = value


_FIELDS = ("id", "task", "input", "messages", "tools", "attributes", "wants", "session", "user", "tokens", "at")


def _in_order(request: dict[str, Any]) -> dict[str, Any]:
    """The request with its fields in their usual order."""
    return {name: request[name] for name in (*_FIELDS, "signals") if name in request}
