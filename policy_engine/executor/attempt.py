"""One attempt at carrying a request out: how it ended, also where an exception ended it."""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType

from policy_engine.executor.books import Books, Job
from policy_engine.executor.reach import StateUnreachable, refusal
from policy_engine.model.commands import Overtaken
from policy_engine.model.outcome import Outcome, Status


class Attempt:
    """
    What goes on in its `with` block, which gives `outcome`, is an attempt at a job.

    That other facts overtook the decision, or that a state could not be reached, ends the block and no more. For every
    other exception the books are told what there was by then.

    Attributes:
        left: what the request had come to when it was cancelled, if it had come to something.
        outcome: what it came to.
        overtaken: why it is to be decided again; nothing has been given to the caller then.
    """

    def __init__(self, job: Job, books: Books) -> None:
        self.left: list[Outcome] = []
        self.outcome: Outcome | None = None
        self.overtaken: Overtaken | None = None
        self._job = job
        self._books = books

    def whole(self) -> Outcome:
        """What it came to."""
        if self.outcome is None:
            raise RuntimeError("an execution ended without an outcome")
        return self.outcome

    def __enter__(self) -> Attempt:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        return error is not None and self._has_settled(error)

    def _has_settled(self, error: BaseException) -> bool:
        """Whether an exception is only how the attempt ended."""
        match error:
            case Overtaken():
                self.overtaken = error
            case StateUnreachable():
                self.outcome = refusal(self._job.decision, self.left, error)
            case _:
                self._books.abandon(self._job, self._ended(error))
                return False
        return True

    def _ended(self, error: BaseException) -> Outcome:
        """What a request came to that an exception ended, one that is not the product's own."""
        outcome = self.left[0] if self.left else Outcome(decision=self._job.decision, status=Status.CANCELLED)
        if not isinstance(error, Exception):
            return outcome
        return replace(outcome, status=Status.FAILED, error=f"it raised `{type(error).__name__}`")
