"""The facts a condition can read: name, kind, when it is learned, and under which name it counts as unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from policy_engine.model.condition import Scalar
from policy_engine.model.policy import AttributeType, Declarations
from policy_engine.model.quantity import Kind


class Stage(IntEnum):
    """When a fact is asked for, cheapest first; a stage is entered only while a rule can still become true."""

    REQUEST = 0
    COUNTERS = 1
    CLASSIFIERS = 2
    SIMILAR = 3
    CACHES = 4
    ANSWER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """
    One fact.

    `name` is dotted; `group` is what `unknown` lists when it is missing, and what is asked for when it is a signal;
    `choices` are the only values it can have, where they are declared; `always` is True if it can never be missing;
    `integral` is True if its numbers are whole.
    """

    name: str
    kind: Kind
    group: str
    stage: Stage = Stage.REQUEST
    choices: tuple[Scalar, ...] | None = None
    always: bool = False
    integral: bool = False

    def __hash__(self) -> int:
        # Facts are keys wherever conditions are compiled, and `choices` can be hundreds of tasks.
        return hash(self.name)

    @property
    def is_signal(self) -> bool:
        """Whether it costs something to learn."""
        return Stage.REQUEST < self.stage < Stage.ANSWER


MEASURES = ("chars", "words", "lines", "tokens")
"""How texts are measured, under `message`, `input` and `output`."""

CONVERSATION_COUNTS = ("messages", "turns", "tools", "tool_calls", "tool_results", "tool_errors", "images", "repeats")
CONVERSATION_FLAGS = ("has_system", "in_tool_loop")
SECTIONS = {
    "cache": {"similarity": Kind.SHARE, "hit": Kind.BOOLEAN},
    "classifier": {"label": Kind.TEXT, "score": Kind.SHARE},
    "budget": {"used": Kind.SHARE, "left": Kind.MONEY},
    "escalation": {"rate": Kind.SHARE, "requests": Kind.COUNT},
    "latency": {"p50": Kind.DURATION, "p95": Kind.DURATION},
    "errors": {"rate": Kind.SHARE},
}
"""Signals that are read as SECTION.NAME.FIELD, with the kind of each field."""

SESSION = {"tier": Kind.TEXT, "model": Kind.TEXT, "escalations": Kind.COUNT, "errors": Kind.COUNT}

SECTION_STAGE = {
    "budget": Stage.COUNTERS,
    "escalation": Stage.COUNTERS,
    "latency": Stage.COUNTERS,
    "errors": Stage.COUNTERS,
    "session": Stage.COUNTERS,
    "classifier": Stage.CLASSIFIERS,
    "language": Stage.CLASSIFIERS,
    "signal": Stage.CLASSIFIERS,
    "similar": Stage.SIMILAR,
    "cache": Stage.CACHES,
}

DECLARED_IN = {
    "attributes": "attributes",
    "score": "scores",
    "cache": "caches",
    "classifier": "classifiers",
    "similar": "phrases",
    "budget": "budgets",
    "escalation": "cascades",
    "latency": "models",
    "errors": "models",
    "signal": "signals",
}
"""The section of a bundle that declares the names a fact section may use."""

ATTRIBUTE_KINDS = {
    AttributeType.STRING: Kind.TEXT,
    AttributeType.INTEGER: Kind.NUMBER,
    AttributeType.NUMBER: Kind.NUMBER,
    AttributeType.BOOLEAN: Kind.BOOLEAN,
    AttributeType.LIST: Kind.LIST,
}


def declared_names(section: str, declarations: Declarations) -> Mapping[str, object]:
    """The names that a fact section (`cache`, `attributes`…) may use in this bundle."""
    names: Mapping[str, object] = getattr(declarations, DECLARED_IN[section])
    return names


def fact_named(name: str, declarations: Declarations) -> Fact | None:
    """The fact of this dotted name in this bundle, or None if there is no such fact or nothing declares it."""
    section, _, rest = name.partition(".")
    if name in _FIXED:
        return _FIXED[name]
    if name == "task":
        # `default_task` stands in for absence only: a task that is not declared is unknown all the same.
        return Fact(name="task", kind=Kind.TEXT, group="task", choices=declarations.tasks)
    if section == "output":
        return _OUTPUT.get(name)
    if section == "attributes":
        return _attribute(rest, declarations)
    if section == "signal":
        return _own_signal(rest, declarations)
    if section in SECTIONS:
        return _section(section, rest, declarations)
    if section in ("similar", "score"):
        return _plain(section, rest, declarations)
    return None


def _attribute(name: str, declarations: Declarations) -> Fact | None:
    attribute = declarations.attributes.get(name)
    if attribute is None:
        return None
    return Fact(
        name=f"attributes.{name}",
        kind=ATTRIBUTE_KINDS[attribute.type],
        group=f"attributes.{name}",
        choices=(False, True) if attribute.type is AttributeType.BOOLEAN else attribute.enum,
        integral=attribute.type is AttributeType.INTEGER,
    )


def _own_signal(name: str, declarations: Declarations) -> Fact | None:
    signal = declarations.signals.get(name)
    if signal is None:
        return None
    return Fact(
        name=f"signal.{name}",
        kind=ATTRIBUTE_KINDS[signal.type],
        group=f"signal.{name}",
        stage=SECTION_STAGE["signal"],
        choices=signal.enum,
        integral=signal.type is AttributeType.INTEGER,
    )


def _section(section: str, rest: str, declarations: Declarations) -> Fact | None:
    name, _, field = rest.rpartition(".")
    kind = SECTIONS[section].get(field)
    if kind is None or name not in declared_names(section, declarations):
        return None
    return Fact(
        name=f"{section}.{rest}",
        kind=kind,
        group=f"{section}.{name}",
        stage=SECTION_STAGE[section],
        choices=_labels(name, declarations) if field == "label" else None,
        integral=kind is Kind.COUNT,
    )


def _labels(classifier: str, declarations: Declarations) -> tuple[Scalar, ...] | None:
    labels = declarations.classifiers[classifier].value.get("labels")
    return tuple(labels) if labels else None


def _plain(section: str, name: str, declarations: Declarations) -> Fact | None:
    if name not in declared_names(section, declarations):
        return None
    if section == "score":
        return Fact(name=f"score.{name}", kind=Kind.NUMBER, group=f"score.{name}")
    return Fact(name=f"similar.{name}", kind=Kind.SHARE, group=f"similar.{name}", stage=Stage.SIMILAR)


def _fixed_facts() -> dict[str, Fact]:
    facts = []
    for section in ("message", "input"):
        facts += [
            Fact(name=f"{section}.{measure}", kind=Kind.COUNT, group=section, integral=True) for measure in MEASURES
        ]
        facts.append(Fact(name=f"{section}.text", kind=Kind.TEXT, group=section))
        facts.append(
            Fact(
                name=f"{section}.language",
                kind=Kind.TEXT,
                group=f"{section}.language",
                stage=SECTION_STAGE["language"],
            )
        )
    facts += [
        Fact(name=f"conversation.{count}", kind=Kind.COUNT, group="conversation", integral=True)
        for count in CONVERSATION_COUNTS
    ]
    facts += [Fact(name=f"conversation.{flag}", kind=Kind.BOOLEAN, group="conversation") for flag in CONVERSATION_FLAGS]
    facts += [
        Fact(name="wants.stream", kind=Kind.BOOLEAN, group="wants", always=True),
        Fact(name="wants.json", kind=Kind.BOOLEAN, group="wants", always=True),
        Fact(name="wants.model", kind=Kind.TEXT, group="wants", always=True),
        Fact(name="id", kind=Kind.TEXT, group="id"),
        Fact(name="session", kind=Kind.TEXT, group="session"),
        Fact(name="user", kind=Kind.TEXT, group="user"),
    ]
    facts += [
        Fact(name=f"session.{name}", kind=kind, group="session", stage=Stage.COUNTERS, integral=kind is Kind.COUNT)
        for name, kind in SESSION.items()
    ]
    return {fact.name: fact for fact in facts}


def _output_facts() -> dict[str, Fact]:
    kinds = {"confidence": Kind.SHARE, "text": Kind.TEXT, "json": Kind.BOOLEAN, "finish_reason": Kind.TEXT}
    kinds |= dict.fromkeys(MEASURES, Kind.COUNT)
    return {
        f"output.{name}": Fact(
            name=f"output.{name}",
            kind=kind,
            group=f"output.{name}",
            stage=Stage.ANSWER,
            always=name != "confidence",
            integral=kind is Kind.COUNT,
        )
        for name, kind in kinds.items()
    }


_FIXED = _fixed_facts()
_OUTPUT = _output_facts()
FIXED_NAMES = tuple(_FIXED)
OUTPUT_NAMES = tuple(_OUTPUT)
OUTPUT_TEXT = _OUTPUT["output.text"]
REQUEST_ID = _FIXED["id"]
