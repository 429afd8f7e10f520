"""Embedders whose weights are on this machine: a small transformer run by onnxruntime, without any network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from policy_engine.errors import EmbedderError, MissingExtra
from policy_engine.signals.embedders.wordpiece import WordPiece

if TYPE_CHECKING:
    from policy_engine.signals.embedders.protocol import Vectors

DESCRIPTION: Final = "embedder.json"
MODEL: Final = "model.onnx"
VOCABULARY: Final = "vocab.txt"
FORMAT: Final = 1
"""The version of the folder's layout that this release writes and the newest that it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """
    What `embedder.json` says of a local model.

    Attributes:
        digest: SHA-256 of model and vocabulary; part of the embedder's identity.
        max_tokens: how much of a text the model reads.
        lower_case: whether the vocabulary has no capitals and no accents.
        source, licence: where the weights came from and under which terms; empty if it was not said.
    """

    name: str
    digest: str
    max_tokens: int
    lower_case: bool
    source: str = ""
    licence: str = ""


class LocalEmbedder:
    """
    Vectors of a BERT-like sentence encoder.

    Texts go through one by one: in a batch the last digits of a text's vector would depend on its neighbours, and in 8
    bits more than those.

    Args:
        session: an onnxruntime session that takes token ids and gives a vector of length 1.
    """

    blocking: Final = False

    def __init__(self, description: Description, tokens: WordPiece, session: Any) -> None:
        self.identity = f"{description.name}@{description.digest[:16]}"
        self._name = description.name
        self._tokens = tokens
        self._session = session
        self._dimensions = int(session.get_outputs()[0].shape[-1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """
        One row for each text.

        Raises:
            EmbedderError: the model cannot be run, since its parts do not fit together.
        """
        rows = np.zeros((len(texts), self._dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            if text.strip():
                ids = np.array([self._tokens.ids(text)], np.int64)
                row[:] = self._vector(ids)
        return rows

    def _vector(self, ids: Any) -> Any:
        try:
            return self._session.run(None, {"ids": ids})[0][0]
        except Exception as error:  # onnxruntime's own exceptions have no common root
            raise EmbedderError(self._name, f"`{MODEL}` cannot be run: {_first_line(error)}") from error


def open_local(name: str, folder: Path) -> LocalEmbedder:
    """
    The local model of that name.

    Raises:
        EmbedderError: it is not on this machine, or its files are damaged.
        MissingExtra: onnxruntime is not installed.
    """
    description = describe(name, folder)
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtra(f"embedder `{name}`", "semantic") from None
    tokens = _tokens(folder / name / VOCABULARY, description)
    options = onnxruntime.SessionOptions()
    # One thread: texts are short, requests come in parallel, and a session without threads survives a fork.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised
    try:
        session = onnxruntime.InferenceSession(str(folder / name / MODEL), options, providers=["CPUExecutionProvider"])
        return LocalEmbedder(description, tokens, session)
    except Exception as error:  # onnxruntime's own exceptions have no common root
        raise EmbedderError(name, f"`{MODEL}` cannot be loaded: {_first_line(error)}") from error


def _tokens(vocabulary: Path, description: Description) -> WordPiece:
    try:
        pieces = vocabulary.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise EmbedderError(description.name, f"`{vocabulary}` cannot be read: {error}") from error
    return WordPiece(pieces, max_tokens=description.max_tokens, lower_case=description.lower_case)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def describe(name: str, folder: Path) -> Description:
    """
    What is known of a local model, its files checked against their digest.

    Raises:
        EmbedderError: it is not on this machine, or its files are damaged.
    """
    place = folder / name
    # A name is one part of a path: `..` and `/` would lead to models elsewhere.
    if name in ("", ".", "..") or not place.is_dir() or place.parent != folder:
        help = f"convert weights by `policy-engine embedder add PACKAGE --name {name}`, or use `hashed`"
        raise EmbedderError(name, f"there is no such model in `{folder}`; {help}")
    try:
        written = json.loads((place / DESCRIPTION).read_bytes())
        description = read_description(written, name)
        digest = digest_of(place)
    except (OSError, ValueError, RecursionError) as error:
        raise EmbedderError(name, f"`{place / DESCRIPTION}` cannot be used: {error}") from error
    if digest != description.digest:
        raise EmbedderError(name, f"the files in `{place}` are not those that were converted; add the model again")
    return description


def read_description(written: Any, name: str) -> Description:
    """
    The description that decoded JSON holds.

    Raises:
        ValueError: it holds none; says what is wrong.
    """
    if not isinstance(written, Mapping) or type(written.get("format")) is not int:
        raise ValueError("it does not describe an embedder")
    if written["format"] > FORMAT:
        raise ValueError(f"a newer release wrote it (format {written['format']}, this one knows {FORMAT})")
    wanted = {"digest": str, "max_tokens": int, "lower_case": bool}
    for field, kind in wanted.items():
        if type(written.get(field)) is not kind:
            raise ValueError(f"`{field}` is missing or of the wrong kind")
    if not 3 <= written["max_tokens"] <= 100_000:
        raise ValueError("`max_tokens` is out of range")
    return Description(
        name=name,
        digest=written["digest"],
        max_tokens=written["max_tokens"],
        lower_case=written["lower_case"],
        source=str(written.get("source", "")),
        licence=str(written.get("licence", "")),
    )


def digest_of(place: Path) -> str:
    """SHA-256 of a local model's weights and vocabulary."""
    digest = hashlib.sha256()
    for file in (MODEL, VOCABULARY):
        with (place / file).open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()
