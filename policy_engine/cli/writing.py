"""Files that commands write: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from policy_engine.cli.console import Failure


def write_file(path: Path, text: str) -> None:
    """
    Writes a file, and makes the folder it stands in; what was there before stays until all is written.

    Raises:
        Failure: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)
    except OSError as problem:
        raise Failure(f"cannot write `{path}`: {problem.strerror}") from None
