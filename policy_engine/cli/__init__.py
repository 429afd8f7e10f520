"""The command line: one module per command, rendering apart from doing. Data on stdout, talk on stderr."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence

import click

from policy_engine.cli.console import CLEAN, INTERRUPTED, PIPE_CLOSED
from policy_engine.cli.program import close_output, program


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Runs `policy-engine` and gives its exit code.

    Args:
        arguments: without the program's name; None for those of this process.
    """
    _write_anything(sys.stdout)
    _write_anything(sys.stderr)
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        close_output()
        return PIPE_CLOSED
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = program.main(
            None if arguments is None else list(arguments), prog_name="policy-engine", standalone_mode=False
        )
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    return code if isinstance(code, int) else CLEAN


def _write_anything(stream: object) -> None:
    """Lets a stream escape what its encoding cannot say, such as half a surrogate pair, instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
