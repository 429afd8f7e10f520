"""The facts of one request: read once, measured when a rule asks, and extended by what signals say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from policy_engine.errors import SignalError
from policy_engine.model.texts import (
    OneText,
    Shape,
    count_lines,
    count_words,
    estimate_tokens,
    newest_user_text,
    whole_text,
)


class Missing(Enum):
    """Why a fact has no value."""

    UNKNOWN = "unknown"
    PENDING = "pending"


UNKNOWN: Final = Missing.UNKNOWN
"""The fact is absent, invalid, or a signal that could not be learned."""

PENDING: Final = Missing.PENDING
"""The fact is a signal that nobody has asked for yet."""

if TYPE_CHECKING:
    from policy_engine.model.expenses import Expenses
    from policy_engine.model.layout import Layout
    from policy_engine.model.request import Request

Value = TypeVar("Value")

_SETTLED = (1, 2, 4)  # one outcome is left: true, false or unknown (see `evaluator.possible`)
_NOTHING: Mapping[str, Any] = {}


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class measured(Generic[Value]):  # noqa: N801  (it reads like the property it is)
    """A property that is computed on first use and then is a plain attribute."""

    def __init__(self, measure: Callable[[Any], Value]) -> None:
        self.measure = measure
        self.name = measure.__name__
        self.__doc__ = measure.__doc__

    @overload
    def __get__(self, facts: None, owner: type) -> measured[Value]: ...
    @overload
    def __get__(self, facts: object, owner: type) -> Value: ...
    def __get__(self, facts: object | None, owner: type) -> measured[Value] | Value:
        if facts is None:
            return self
        value = self.measure(facts)
        setattr(facts, self.name, value)
        return value


class Facts:
    """
    What is known about one request.

    Attributes:
        missing: the bit (of the layout) of every group that has no value here.
        attributes: valid values and defaults only.
        task: as sent, or the default.
        message: the newest user text, or None.
        signals: group to value or UNKNOWN.
        errors: which values were sent or learned but invalid, in words.
        unanswerable: groups of signals for which nobody need be asked, since nobody can tell.
        scans: what searches for many patterns at once found in the newest user text, by whoever searched.
    """

    # Made for every decision, so what is usually empty is not even assigned.
    signals: Mapping[str, Any] = _NOTHING
    errors: tuple[str, ...] = ()
    unanswerable: frozenset[str] = frozenset()
    scans: Mapping[Any, int | None] = _NOTHING

    def __init__(self, request: Request, layout: Layout, clock: Callable[[], datetime] = utc_now) -> None:
        self.request = request
        self.layout = layout
        self.clock = clock
        task = request.task
        message = request.input
        if message and task in layout.tasks and request.id is None:
            missing = layout.at_most
        else:
            missing = layout.at_first
            if task is None:
                task = layout.default_task
            if task in layout.tasks:
                missing &= layout.given_task
            if request.id is not None:
                missing &= layout.given_id
            if message:
                missing &= layout.given_input
            elif request.messages or message is not None:
                message, missing = self._read_messages(missing)
        self.task = task
        self.message = message
        attributes = request.attributes
        slots = layout.attributes
        for name, value in attributes.items():
            slot = slots.get(name)
            # The exact type without an enum, or within it, needs no closer look.
            if slot is not None and type(value) is slot.exact and (slot.enum is None or value in slot.enum):
                missing &= slot.given
            else:
                attributes, missing = self._read_attributes(missing)
                break
        else:
            if layout.defaults:
                attributes = {**layout.defaults, **attributes}
        self.attributes = attributes
        self.missing = missing
        if not request.is_plain and request.signals:
            self._read_signals(request.signals)

    def knowing(self, learned: Mapping[str, Any]) -> Facts:
        """
        The same facts and what signals have said since; invalid values become UNKNOWN and are told in `errors`.

        Args:
            learned: by group (`cache.support`), a value, UNKNOWN, or a SignalError for one that failed.
        """
        known = self.lacking(())
        for group, value in learned.items():
            known._learn(group, value)
        return known

    def lacking(self, groups: Iterable[str]) -> Facts:
        """The same facts where it is known that these signals are unknown."""
        _ = self.at  # the moment stays the same however often facts grow
        known = object.__new__(Facts)
        known.__dict__.update(self.__dict__)
        known.outcomes = {node: one for node, one in self.outcomes.items() if one in _SETTLED}
        known.signals = {**self.signals, **dict.fromkeys(groups, UNKNOWN)}
        return known

    def without(self, groups: Iterable[str]) -> Facts:
        """The same facts with these signals unknown, known or not."""
        hidden = copy(self)
        hidden.outcomes = {}
        hidden.signals = {**self.signals, **dict.fromkeys(groups, UNKNOWN)}
        hidden.unanswerable = frozenset()  # what is to blame for rules before goes by the facts before
        for group in groups:
            hidden.missing |= self.layout.bits[group]
        return hidden

    def answered(self, answer: Mapping[str, Any], judged: Mapping[str, Any]) -> Facts:
        """
        The same facts and those about a model's answer, for a gate.

        Args:
            answer: by the names after `output.`, such as `text` and `confidence`; what is left out is unknown.
            judged: scores of judges by group; UNKNOWN where one did not judge.
        """
        known = copy(self)
        known.outcomes = {}
        known.signals = {**self.signals, "output": answer, **judged}
        return known

    @measured
    def expenses(self) -> Expenses:
        """What learning about this request has cost, also where these facts have grown since."""
        from policy_engine.model.expenses import Expenses  # only where there is something to pay

        return Expenses()

    @measured
    def outcomes(self) -> dict[Any, int]:
        """What is known so far about conditions, by node of the graph: the outcomes that are still possible."""
        return {}

    @measured
    def at(self) -> datetime:
        """The moment of the request."""
        return self.request.at or self.clock()

    @measured
    def message_words(self) -> int:
        """Words of the newest user text."""
        return count_words(self.message or "")

    @measured
    def message_lines(self) -> int:
        """Lines of the newest user text."""
        return count_lines(self.message or "")

    @measured
    def message_chars(self) -> int:
        """Code points of the newest user text."""
        return len(self.message or "")

    @measured
    def message_tokens(self) -> int:
        """Tokens of the newest user text, as the request says or estimated."""
        return self._tokens("message", self.message or "")

    @measured
    def input_text(self) -> str:
        """Everything sent."""
        request = self.request
        return request.input if request.input is not None else whole_text(request.messages or ())

    @measured
    def input_words(self) -> int:
        """Words of everything sent."""
        return count_words(self.input_text)

    @measured
    def input_lines(self) -> int:
        """Lines of everything sent."""
        return count_lines(self.input_text)

    @measured
    def input_chars(self) -> int:
        """Code points of everything sent."""
        return len(self.input_text)

    @measured
    def input_tokens(self) -> int:
        """Tokens of everything sent, as the request says or estimated."""
        return self._tokens("input", self.input_text)

    @measured
    def shape(self) -> Shape:
        """The shape of the conversation; one user message where the request has `input`."""
        request = self.request
        return OneText(len(request.tools)) if request.messages is None else Shape(request.messages, len(request.tools))

    @measured
    def wants_stream(self) -> bool:
        """Whether the caller asked for a stream."""
        return self.request.wants.get("stream") is True

    @measured
    def wants_json(self) -> bool:
        """Whether the caller asked for JSON."""
        return self.request.wants.get("json") is True

    @measured
    def wants_model(self) -> str:
        """The model the caller asked for, `auto` if none."""
        model = self.request.wants.get("model")
        return model if isinstance(model, str) else "auto"

    def _tokens(self, section: str, text: str) -> int:
        given = self.request.tokens.get(section)
        return estimate_tokens(text) if given is None else given

    def _learn(self, group: str, value: Any) -> None:
        from policy_engine.model.layout import accepted_signal, fields_of  # only where there are signals

        accepted: Any = UNKNOWN
        if isinstance(value, SignalError):
            self.errors = (*self.errors, f"{group}: {value.reason}")
        elif value is not UNKNOWN:
            accepted = accepted_signal(group, value, self.layout)
        if accepted is None:
            self.errors = (*self.errors, f"{group}: {_quoted(value)} is not a value of this signal")
            accepted = UNKNOWN
        self.signals[group] = accepted  # type: ignore[index]  # its own copy, made by the caller
        wanted = fields_of(group)
        if group == "session" and self.request.session is None:
            return  # the session's own name goes under the same group, and is missing
        if accepted is not UNKNOWN and (wanted is None or wanted <= accepted.keys()):
            self.missing &= ~self.layout.bits[group]

    def _read_messages(self, missing: int) -> tuple[str | None, int]:
        """The newest user text, and what is missing still."""
        message = newest_user_text(self.request.messages or ())
        bits = self.layout.bits
        missing &= ~(bits["input"] | bits["conversation"])
        return message, missing & ~bits["message"] if message is not None else missing

    def _read_attributes(self, missing: int) -> tuple[Mapping[str, Any], int]:
        """Valid values and defaults, and what is missing still."""
        valid = dict(self.layout.defaults)
        slots = self.layout.attributes
        for name, value in self.request.attributes.items():
            slot = slots.get(name)
            if slot is None or value is None:
                continue
            accepted = slot.accepted(value)
            if accepted is None:
                valid.pop(name, None)
                missing |= slot.bit
                self.errors = (*self.errors, f"attributes.{name}: {_quoted(value)} is not {slot.expectation()}")
            else:
                valid[name] = accepted
                missing &= slot.given
        return valid, missing

    def _read_signals(self, supplied: Mapping[str, Any]) -> None:
        self.signals = {}
        bits = self.layout.bits
        for section, entries in supplied.items():
            if section == "session":
                self._learn("session", entries)
            elif isinstance(entries, Mapping):
                for name, value in entries.items():
                    group = f"{section}.{name}"
                    if group in bits and not group.startswith("attributes."):
                        self._learn(group, value)


def _quoted(value: object) -> str:
    """A value that was sent, short enough to be told; a very large number by its kind only."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_QUOTE * 3:
        return "a very large number"
    text = str(value)
    return f"`{text}`" if len(text) <= _LONGEST_QUOTE else f"`{text[: _LONGEST_QUOTE - 1]}…`"


_LONGEST_QUOTE = 80
