"""Sessions: what a conversation saw before, and the model that it keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy_engine.model.effect import Stick
from policy_engine.model.facts import UNKNOWN, Facts, Missing
from policy_engine.model.quantity import Kind, parse_quantity
from policy_engine.signals.admission import Admission, admission
from policy_engine.signals.key import key_of, scope_values
from policy_engine.state.state import Ceiling, State

SESSION_S = 86_400.0
"""How long after its last request a session is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    What one request of a session came to: who answered last, how often it escalated, how many calls failed.

    Escalations that were admitted one by one are counted by then, and are left out.
    """

    model: str | None
    tier: str | None
    escalations: int = 0
    errors: int = 0


class Sessions:
    """What sessions saw, by the request's `session`. Escalations and errors are counted exactly."""

    def __init__(self, state: State, *, session_s: float = SESSION_S) -> None:
        self._state = state
        self._session_s = session_s

    def record(self, session: str | None, turn: Turn, *, now_s: float) -> None:
        """
        Adds a request to its session; nothing without a session.

        Raises:
            StateError: the state cannot be used.
        """
        if session is None:
            return
        key, until_s = key_of("session", "turn", session), now_s + self._session_s
        amounts = {f"{key}/escalations": turn.escalations, f"{key}/errors": turn.errors}
        self._state.add(amounts, now_s=now_s, until_s=until_s)
        if turn.model is not None:
            answered = json.dumps({"model": turn.model, **({"tier": turn.tier} if turn.tier is not None else {})})
            self._state.put(key, answered.encode(), now_s=now_s, until_s=until_s)

    def admit(self, session: str | None, most: int, *, now_s: float) -> Admission | None:
        """
        Whether one more escalation may follow in a session that is to have at most so many.

        If so, it counts from now on. None without a session.

        Raises:
            StateError: the state cannot be used, and nothing is counted.
        """
        if session is None:
            return None
        counter = f"{key_of('session', 'turn', session)}/escalations"
        ceiling = Ceiling(part=(counter,), most=most - 1)
        return admission(self._state, {counter: 1}, ceiling, now_s=now_s, counted_s=self._session_s)

    def settle(self, admitted: Admission, *, escalated: bool, now_s: float) -> None:
        """
        Counts an admitted escalation that was made, and gives back one that was not.

        Raises:
            StateError: the state cannot be used; it counts until its time is over.
        """
        if admitted.lease is not None:
            self._state.settle(admitted.lease, dict.fromkeys(admitted.counters, int(escalated)), now_s=now_s)

    def read(self, session: str | None, *, now_s: float) -> Mapping[str, Any] | Missing:
        """
        The `model` and `tier` that answered last, and all `escalations` and `errors` of a session.

        In a new session the counts are 0 and the rest is left out, which makes it unknown. UNKNOWN without a session.

        Raises:
            StateError: the state cannot be used.
        """
        if session is None:
            return UNKNOWN
        key = key_of("session", "turn", session)
        answered = self._state.get(key, now_s=now_s)
        escalations, errors = self._state.counts((f"{key}/escalations", f"{key}/errors"), now_s=now_s)
        return {**(json.loads(answered) if answered else {}), "escalations": escalations, "errors": errors}


class Sticks:
    """Which model a session, a user or an attribute's value keeps (`stick:`)."""

    def __init__(self, state: State) -> None:
        self._state = state

    def kept(self, stick: Stick, facts: Facts, *, now_s: float) -> str | None:
        """
        The model to go on with if the route has it, or None.

        Raises:
            StateError: the state cannot be used.
        """
        key = _stick_key(stick, facts)
        found = None if key is None else self._state.get(key, now_s=now_s)
        return None if found is None else found.decode()

    def keep(self, stick: Stick, facts: Facts, model: str, *, now_s: float) -> None:
        """
        Keeps a model for as long as the stick says from now on; nothing if the request has no value to keep it by.

        Raises:
            StateError: the state cannot be used.
        """
        key = _stick_key(stick, facts)
        if key is not None:
            period_s = float(parse_quantity(stick.period, Kind.DURATION))
            self._state.put(key, model.encode(), now_s=now_s, until_s=now_s + period_s)


def _stick_key(stick: Stick, facts: Facts) -> str | None:
    (value,) = scope_values((stick.by,), facts)
    return None if value is None else key_of("stick", stick.by, value)
