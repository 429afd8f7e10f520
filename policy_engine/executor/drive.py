"""Drivers: they hand each command of an execution to the world and the reply back, at once or awaited."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, TypeVar

from policy_engine.executor.execute import Execution
from policy_engine.model.commands import Answer, Cancelled, Command, Settle
from policy_engine.model.outcome import Outcome

Result = TypeVar("Result")


class World(Protocol):
    """Does what a command asks, and says when it was done. It never raises for what can go wrong in a call."""

    def do(self, command: Command) -> Answer:
        """The reply to one command; blocks."""


class AsyncWorld(Protocol):
    """The same, awaited."""

    async def do_async(self, command: Command) -> Answer:
        """The reply to one command."""


def drive(execution: Execution, world: World) -> Outcome:
    """Carries an execution out, and gives what it came to."""
    command = begin(execution)
    while not isinstance(command, Outcome):
        try:
            answer = world.do(command)
        except BaseException:
            cancel(execution, world)
            raise
        command = advance(execution, answer)
    return command


async def drive_async(execution: Execution, world: AsyncWorld) -> Outcome:
    """The same as `drive`, awaited."""
    command = begin(execution)
    while not isinstance(command, Outcome):
        try:
            answer = await world.do_async(command)
        except BaseException:
            await cancel_async(execution, world)
            raise
        command = advance(execution, answer)
    return command


def drive_to_end(work: Generator[Command, Answer, Result], world: World) -> Result:
    """What any generator of commands gives in the end."""
    try:
        command = next(work)
        while True:
            try:
                answer = world.do(command)
            except BaseException:
                cancel(work, world)
                raise
            command = work.send(answer)
    except StopIteration as end:
        result: Result = end.value
        return result


def begin(execution: Execution) -> Command | Outcome:
    """The first command of an execution, or what it came to without any."""
    try:
        return next(execution)
    except StopIteration as end:
        return _outcome(end)


def advance(execution: Execution, answer: Answer) -> Command | Outcome:
    """The next command after a reply, or what the execution came to."""
    try:
        return execution.send(answer)
    except StopIteration as end:
        return _outcome(end)


def cancel(execution: Generator[Command, Answer, Any], world: World) -> Outcome | None:
    """
    Ends an execution whose caller is gone: what was set aside is settled.

    Gives what it had come to by then; None if it had come to nothing yet.
    """
    command = _thrown(execution)
    while isinstance(command, Settle):
        world.do(command)
        command = _resumed(execution)
    return command


async def cancel_async(execution: Execution, world: AsyncWorld) -> Outcome | None:
    """The same as `cancel`, awaited."""
    command = _thrown(execution)
    while isinstance(command, Settle):
        await world.do_async(command)
        command = _resumed(execution)
    return command


def _thrown(execution: Generator[Command, Answer, Any]) -> Settle | Outcome | None:
    """What is to be settled first when the caller is gone, or what the execution came to."""
    try:
        return _settle(execution.throw(Cancelled()))
    except StopIteration as end:
        return _outcome(end)
    except Cancelled:
        return None


def _resumed(execution: Generator[Command, Answer, Any]) -> Settle | Outcome | None:
    """What is to be settled next."""
    try:
        return _settle(execution.send(Answer(value=None, now_s=0.0)))
    except StopIteration as end:
        return _outcome(end)
    except Cancelled:
        return None


def _settle(command: Command) -> Settle | None:
    return command if isinstance(command, Settle) else None


def _outcome(end: StopIteration) -> Outcome:
    outcome: Outcome = end.value
    return outcome
