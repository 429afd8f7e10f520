"""One request as options describe it: its task, its message and its attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

import click

from policy_engine.cli.console import Failure
from policy_engine.cli.intake import request_of
from policy_engine.cli.options import READABLE, name_of
from policy_engine.model.policy import Attribute
from policy_engine.model.request import Request

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What the options say about one request; `given` holds attributes as `NAME=VALUE`."""

    task: str | None
    text: str | None
    message_file: str | None
    given: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the options say nothing."""
        return self.task is None and self.text is None and self.message_file is None and not self.given

    def request(self, attributes: Mapping[str, Attribute]) -> Request:
        """
        The request, its attributes read as they are declared.

        Raises:
            Failure: the file of the message is not UTF-8.
            click.UsageError: an attribute is not declared, or not of its type.
        """
        text = self.text if self.message_file is None else _message(self.message_file)
        try:
            return request_of(task=self.task, text=text, given=self.given, attributes=attributes)
        except ValueError as problem:
            raise click.UsageError(str(problem)) from None


def request_options(command: Callable[..., R]) -> Callable[..., R]:
    """The command with `--task`, `--input`, `--message-file` and `--attribute`, passed on as `described`."""

    @click.option("--task", help="The task of one request.")
    @click.option("--input", "text", metavar="TEXT", help="The user's message of one request.")
    @click.option("--message-file", metavar="FILE", type=READABLE, help="The same, from a file.")
    @click.option("--attribute", "given", metavar="NAME=VALUE", multiple=True, help="An attribute of one request.")
    @wraps(command)
    def wrapped(
        *args: Any, task: str | None, text: str | None, message_file: str | None, given: tuple[str, ...], **kwargs: Any
    ) -> R:
        if text is not None and message_file is not None:
            raise click.UsageError("--input and --message-file both give the message; use one")
        described = Described(task=task, text=text, message_file=message_file, given=given)
        return command(*args, described=described, **kwargs)

    return wrapped


def _message(path: str) -> str:
    try:
        with click.open_file(path, "rb") as file:
            content: bytes = file.read()
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure(f"the message in `{name_of(path)}` is not UTF-8") from None
