"""A provider that answers from recorded outcomes (JSON Lines), for replays and trials without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policy_engine.model.call import Failure, FailureKind, Prompt, Reply, Usage
from policy_engine.model.texts import newest_user_text
from policy_engine.providers.local import LocalProvider


class ReplayProvider(LocalProvider):
    """
    Answers a prompt with what a recorded request of the same newest user message got from the same model.

    Of several such requests the first counts. It takes no time; `elapsed_s` is what was recorded.

    Args:
        recorded: lines of a request with its `outcomes` by model; None if the file is not in the bundle.
        file: its name, for messages.
    """

    def __init__(self, recorded: bytes | None, *, file: str) -> None:
        self._recorded = recorded
        self._file = file
        self._outcomes: dict[str, Mapping[str, Any]] | None = None

    def answer(self, prompt: Prompt, model: str) -> Reply | Failure:
        """A whole answer."""
        if self._recorded is None:
            return _missing(f"there is no file `{self._file}`")
        if self._outcomes is None:
            self._outcomes = _read(self._recorded)
        outcomes = self._outcomes.get(newest_user_text(prompt.messages) or "")
        if outcomes is None:
            return _missing(f"`{self._file}` has no request with this message")
        outcome = outcomes.get(model)
        if not isinstance(outcome, Mapping) or not isinstance(outcome.get("text"), str):
            return _missing(f"`{self._file}` has no text of model `{model}` for this request")
        return _reply(outcome, model)


def _read(recorded: bytes) -> dict[str, Mapping[str, Any]]:
    outcomes: dict[str, Mapping[str, Any]] = {}
    for line in _lines(recorded):
        told, asked = line.get("outcomes"), _asked(line)
        if isinstance(told, Mapping) and asked is not None:
            outcomes.setdefault(asked, told)
    return outcomes


def _lines(recorded: bytes) -> Iterator[Mapping[str, Any]]:
    """The lines that are objects; of the others there is nothing to answer with."""
    for line in recorded.splitlines():
        try:
            read = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(read, Mapping):
            yield read


def _asked(line: Mapping[str, Any]) -> str | None:
    messages = line.get("messages")
    if isinstance(messages, list):
        return newest_user_text([message for message in messages if isinstance(message, Mapping)])
    asked = line.get("input")
    return asked if isinstance(asked, str) else None


def _reply(outcome: Mapping[str, Any], model: str) -> Reply:
    return Reply(
        message={"role": "assistant", "content": outcome["text"]},
        finish_reason=str(outcome.get("finish_reason", "stop")),
        usage=_usage(outcome),
        elapsed_s=float(outcome.get("latency_ms") or 0.0) / 1000,
        confidence=_confidence(outcome.get("confidence")),
        served_by=model,
        body=outcome,
    )


def _usage(outcome: Mapping[str, Any]) -> Usage | None:
    inward, outward = outcome.get("input_tokens"), outcome.get("output_tokens")
    if not isinstance(inward, int) or not isinstance(outward, int):
        return None
    return Usage(input_tokens=inward, output_tokens=outward)


def _confidence(written: object) -> float | None:
    """What was recorded; by way of a logarithm a threshold that it meets exactly could be missed."""
    if isinstance(written, bool) or not isinstance(written, int | float) or not 0 <= written <= 1:
        return None
    return float(written)


def _missing(message: str) -> Failure:
    return Failure(kind=FailureKind.REQUEST, message=message, elapsed_s=0.0)
