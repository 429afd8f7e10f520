"""A very small BERT with random weights: its files as a model hub gives them, and what it computes, in plain numpy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, WIDE, HEADS, PLACES = 16, 32, 2, 24
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "where", "is", "my", "order", "the", "##s", "?", "cafe"]
CONFIG = {
    "model_type": "bert",
    "num_hidden_layers": 2,
    "num_attention_heads": HEADS,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": PLACES,
}


def weights() -> dict[str, NDArray[np.float32]]:
    """Weights under the names of a `BertModel` checkpoint; the same each time."""
    chance = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
    }
    linears = {"embeddings.LayerNorm": (0, WIDTH)}
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        linears |= {f"{at}attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        linears |= {f"{at}attention.output.dense": (WIDTH, WIDTH), f"{at}attention.output.LayerNorm": (0, WIDTH)}
        linears |= {f"{at}intermediate.dense": (WIDTH, WIDE), f"{at}output.dense": (WIDE, WIDTH)}
        linears |= {f"{at}output.LayerNorm": (0, WIDTH)}
    for name, (inward, outward) in linears.items():
        shapes[f"{name}.weight"] = (outward, inward) if inward else (outward,)
        shapes[f"{name}.bias"] = (outward,)
    return {name: chance.normal(0, 0.4, shape).astype(np.float32) for name, shape in shapes.items()}


def safetensors(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """A safetensors file of 32-bit floats."""
    header, content = {}, b""
    for name, array in arrays.items():
        offsets = [len(content), len(content) + array.nbytes]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": offsets}
        content += array.tobytes()
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + content


def write(folder: Path) -> Path:
    """The files of the model in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(safetensors(weights()))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    return folder


def embedded(ids: Sequence[int]) -> NDArray[np.float64]:
    """The vector of length 1 that the model gives for token ids, not quantised."""
    given = weights()
    hidden = given["embeddings.word_embeddings.weight"][list(ids)].astype(np.float64)
    hidden = hidden + given["embeddings.position_embeddings.weight"][: len(ids)]
    hidden = _norm(hidden + given["embeddings.token_type_embeddings.weight"][0], given, "embeddings.LayerNorm")
    for layer in range(2):
        at = f"encoder.layer.{layer}."
        attended = _attended(*(_linear(hidden, given, f"{at}attention.self.{p}") for p in ("query", "key", "value")))
        attended = _linear(attended, given, f"{at}attention.output.dense")
        hidden = _norm(hidden + attended, given, f"{at}attention.output.LayerNorm")
        wide = _gelu(_linear(hidden, given, f"{at}intermediate.dense"))
        hidden = _norm(hidden + _linear(wide, given, f"{at}output.dense"), given, f"{at}output.LayerNorm")
    pooled = hidden.mean(axis=0)
    vector: NDArray[np.float64] = pooled / np.linalg.norm(pooled)
    return vector


def _linear(hidden: NDArray[Any], given: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    return hidden @ given[f"{name}.weight"].T + given[f"{name}.bias"]


def _norm(hidden: NDArray[Any], given: Mapping[str, NDArray[Any]], name: str) -> NDArray[Any]:
    centred = hidden - hidden.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
    return scaled * given[f"{name}.weight"] + given[f"{name}.bias"]


def _attended(query: NDArray[Any], key: NDArray[Any], value: NDArray[Any]) -> NDArray[Any]:
    size = WIDTH // HEADS
    heads = []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = np.exp(query[:, part] @ key[:, part].T / np.sqrt(size))
        heads.append(scores / scores.sum(axis=-1, keepdims=True) @ value[:, part])
    return np.concatenate(heads, axis=-1)


def _gelu(values: NDArray[Any]) -> NDArray[Any]:
    from math import erf

    return values * 0.5 * (1 + np.vectorize(erf)(values / np.sqrt(2)))
