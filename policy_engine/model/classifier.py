"""A trained classifier as a file says it: labels, terms with their weights, how sure it is, and how it was judged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias

FORMAT: Final = 1
"""The version of the file that this release writes, and the newest that it reads."""

MAX_LABELS: Final = 1_000
MAX_WEIGHT: Final = 1_000_000

Rows: TypeAlias = Mapping[str, tuple[int, ...]]
"""By term: in how many texts it was, and a weight for each label, in units of `scale`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """
    How scores of labels become the probability that the best of them is right.

    The best label's share in a softmax over `sharpness` times the scores has log-odds; `slope` times those, plus
    `offset`, are the log-odds of being right.
    """

    sharpness: float
    slope: float
    offset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedClassifier:
    """
    What `policy-engine train` makes.

    Attributes:
        labels: what it can say.
        texts: how many texts the counts in the rows are out of.
        words, grams: words, and runs of characters in words.
        embedder: the identity of the embedder whose vectors it reads too; None if it reads words only.
        embedding: for each dimension of those vectors a weight for each label, in units of `scale`.
        scale: what a weight of 1 stands for.
        bias: what each label starts with.
        metrics: how it was judged, for people; nothing is decided by it.
        date: the day it was made, ISO 8601.
        trained_on: SHA-256 of the examples.
    """

    labels: tuple[str, ...]
    texts: int
    words: Rows
    grams: Rows
    embedder: str | None
    embedding: tuple[tuple[int, ...], ...]
    scale: float
    bias: tuple[float, ...]
    confidence: Confidence
    metrics: Mapping[str, Any]
    date: str
    trained_on: str

    @property
    def embedder_name(self) -> str | None:
        """What policies call the embedder: its identity without a version or a digest of its weights."""
        return None if self.embedder is None else self.embedder.partition("@")[0].removesuffix("/1")

    def to_text(self) -> str:
        """The file's content: JSON, with one line for each term, so that changes can be looked at."""
        head = {
            "format": FORMAT,
            "labels": self.labels,
            "date": self.date,
            "trained_on": self.trained_on,
            "metrics": self.metrics,
            "embedder": self.embedder,
            "texts": self.texts,
            "scale": self.scale,
            "bias": self.bias,
            "confidence": {name: getattr(self.confidence, name) for name in Confidence.__slots__},
        }
        parts = [f"{_json(name)}: {_json(value)}" for name, value in head.items()]
        parts += [f"{_json(name)}: {_table(getattr(self, name))}" for name in _TABLES]
        parts.append(f'"embedding": {_lines("[", map(_json, self.embedding), "]")}')
        return _lines("{", parts, "}") + "\n"


def read_classifier(content: bytes) -> TrainedClassifier:
    """
    The classifier that a file holds. Nothing in it is ever run.

    Raises:
        ValueError: it holds none that can be used; says what is wrong, without a full stop.
    """
    written = _decoded(content)
    if type(written.get("format")) is not int:
        raise ValueError("it is no classifier; `policy-engine train` writes one")
    if written["format"] > FORMAT:
        raise ValueError(f"a newer release wrote it (format {written['format']}, this one knows {FORMAT})")
    labels = _labels(written)
    embedder = written.get("embedder")
    classifier = TrainedClassifier(
        labels=labels,
        texts=_whole(written, "texts"),
        words=_rows(written, "words", len(labels)),
        grams=_rows(written, "grams", len(labels)),
        embedder=None if embedder is None else _text(written, "embedder"),
        embedding=_embedding(written, len(labels)),
        scale=_number(written, "scale"),
        bias=_bias(written, len(labels)),
        confidence=_confidence(written),
        metrics=_mapping(written, "metrics"),
        date=_text(written, "date"),
        trained_on=_text(written, "trained_on"),
    )
    if (classifier.embedder is None) != (not classifier.embedding):
        raise ValueError("it has an embedder without weights, or weights without an embedder")
    return classifier


_TABLES: Final = ("words", "grams")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _table(rows: Rows) -> str:
    return _lines("{", (f"{_json(term)}:{_json(row)}" for term, row in rows.items()), "}")


def _lines(start: str, parts: Any, end: str) -> str:
    inside = ",\n".join(parts)
    return f"{start}\n{inside}\n{end}" if inside else start + end


def _decoded(content: bytes) -> dict[str, Any]:
    try:
        written = json.loads(content, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise ValueError("it is cut off or no JSON") from None
    return written if isinstance(written, dict) else {}


def _refused(constant: str) -> NoReturn:
    raise ValueError(constant)


def _labels(written: Mapping[str, Any]) -> tuple[str, ...]:
    labels = written.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) and label for label in labels):
        raise _misfit("labels")
    if not 2 <= len(labels) <= MAX_LABELS or len(set(labels)) != len(labels):
        raise ValueError(f"its `labels` are not 2 to {MAX_LABELS:,} different ones")
    return tuple(labels)


def _rows(written: Mapping[str, Any], name: str, labels: int) -> Rows:
    rows = {term: tuple(row) if isinstance(row, list) else () for term, row in _mapping(written, name).items()}
    for term, row in rows.items():
        if not _are_weights(row, labels + 1) or row[0] < 1:
            raise ValueError(f"the row of `{term[:40]}` in its `{name}` is not a count and {labels} weights")
    return rows


def _embedding(written: Mapping[str, Any], labels: int) -> tuple[tuple[int, ...], ...]:
    rows = written.get("embedding")
    if not isinstance(rows, list):
        raise _misfit("embedding")
    tuples = tuple(tuple(row) if isinstance(row, list) else () for row in rows)
    if not all(_are_weights(row, labels) for row in tuples):
        raise _misfit("embedding")
    return tuples


def _are_weights(row: tuple[Any, ...], length: int) -> bool:
    # `max` and `min` of what is known to be whole numbers: a large file has a million of them.
    return len(row) == length and set(map(type, row)) == {int} and min(row) >= -MAX_WEIGHT and max(row) <= MAX_WEIGHT


def _bias(written: Mapping[str, Any], labels: int) -> tuple[float, ...]:
    bias = written.get("bias")
    if not isinstance(bias, list) or len(bias) != labels or not all(map(_is_number, bias)):
        raise _misfit("bias")
    return tuple(map(float, bias))


def _confidence(written: Mapping[str, Any]) -> Confidence:
    inner = _mapping(written, "confidence")
    return Confidence(**{name: _number(inner, name) for name in Confidence.__slots__})


def _mapping(written: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = written.get(name)
    if not isinstance(value, dict):
        raise _misfit(name)
    return value


def _whole(written: Mapping[str, Any], name: str) -> int:
    value = written.get(name)
    if type(value) is not int or not 1 <= value <= MAX_WEIGHT:
        raise _misfit(name)
    return value


def _number(written: Mapping[str, Any], name: str) -> float:
    value = written.get(name)
    if not _is_number(value):
        raise _misfit(name)
    return float(value)  # type: ignore[arg-type]  # a number, as was just seen


def _is_number(value: object) -> bool:
    # Whole numbers may have thousands of digits, which no `float` takes; what is not a number is below nothing.
    return isinstance(value, int | float) and type(value) is not bool and abs(value) < 1e9


def _text(written: Mapping[str, Any], name: str) -> str:
    value = written.get(name)
    if not isinstance(value, str):
        raise _misfit(name)
    return value


def _misfit(name: str) -> ValueError:
    return ValueError(f"its `{name}` is missing or no such value")
