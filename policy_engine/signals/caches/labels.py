"""Labels that a calibration is made from: texts with the answer they want, or pairs that want one answer or two."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """
    Labelled lines; either `texts` with `labels`, or `pairs` with `same`.

    `digest` is the SHA-256 of the lines, so that a calibration can say what it was made from.
    """

    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    same: tuple[bool, ...] = ()
    digest: str = ""


def read_labels(lines: Iterable[str]) -> Labels:
    """
    The labels of JSON Lines: `{"text": …, "label": …}` each, or `{"a": …, "b": …, "same": true}` each.

    Raises:
        ValueError: a line is neither, or both kinds are mixed; says which line.
    """
    digest = sha256()
    texts: list[tuple[str, str]] = []
    pairs: list[tuple[str, str, bool]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        digest.update(line.strip().encode("utf-8", "surrogatepass") + b"\n")
        written = _decoded(line, number)
        if isinstance(written.get("text"), str) and isinstance(written.get("label"), str):
            texts.append((written["text"], written["label"]))
        elif _is_pair(written):
            pairs.append((written["a"], written["b"], bool(written["same"])))
        else:
            raise ValueError(
                f'line {number} is neither {{"text": …, "label": …}} nor {{"a": …, "b": …, "same": true or false}}'
            )
    if texts and pairs:
        raise ValueError("labelled texts and labelled pairs are mixed; give a file of one kind")
    return Labels(
        texts=tuple(text for text, _ in texts),
        labels=tuple(label for _, label in texts),
        pairs=tuple((a, b) for a, b, _ in pairs),
        same=tuple(same for _, _, same in pairs),
        digest=digest.hexdigest(),
    )


def _decoded(line: str, number: int) -> dict[str, Any]:
    try:
        written = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"line {number} is no JSON") from None
    return written if isinstance(written, dict) else {}


def _is_pair(written: dict[str, Any]) -> bool:
    texts = isinstance(written.get("a"), str) and isinstance(written.get("b"), str)
    return texts and written.get("same") in (True, False, 0, 1)
