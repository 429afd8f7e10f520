"""Weights in a safetensors file: named arrays and nothing that could run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_HEADER_BYTES: Final = 16 * 1024 * 1024

_LENGTH_BYTES: Final = 8
_MOST: Final = 2**62
_TYPES: Final[Mapping[str, str]] = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}


def read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """
    The arrays of a file, by name; those of kinds that numpy has not are left out. They are read when used.

    Raises:
        ValueError: it is no such file; says what is wrong.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if not 2 <= header_bytes <= min(MAX_HEADER_BYTES, size - _LENGTH_BYTES):
            raise ValueError("its header is cut off or too long")
        header = _header(file.read(header_bytes))
    begin = _LENGTH_BYTES + header_bytes
    content = np.memmap(path, np.uint8, mode="r", offset=begin) if size > begin else np.empty(0, np.uint8)
    entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
    return {name: tensor for name, entry in entries.items() if (tensor := _tensor(name, entry, content)) is not None}


def _header(written: bytes) -> Mapping[str, Any]:
    try:
        header = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise ValueError("its header is no JSON") from error
    if not isinstance(header, dict):
        raise ValueError("its header is no JSON object")
    return header


def _tensor(name: str, entry: Any, content: NDArray[np.uint8]) -> NDArray[Any] | None:
    try:
        kind, shape, (begin, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
    except (TypeError, KeyError, ValueError):
        raise ValueError(f"`{name}` is not described") from None
    numbers = (begin, end, *shape) if isinstance(shape, list) else (None,)
    if not all(type(number) is int and 0 <= number <= _MOST for number in numbers) or not begin <= end <= len(content):
        raise ValueError(f"`{name}` does not lie within the file")
    if kind == "BF16":
        return _from_bfloat16(content[begin:end], name, shape)
    if not isinstance(kind, str) or kind not in _TYPES:
        return None
    if (end - begin) != math.prod(shape) * np.dtype(_TYPES[kind]).itemsize:
        raise ValueError(f"`{name}` has another size than its shape says")
    return content[begin:end].view(_TYPES[kind]).reshape(shape)


def _from_bfloat16(content: NDArray[np.uint8], name: str, shape: list[int]) -> NDArray[Any]:
    """The upper half of a 32-bit float each."""
    if len(content) != math.prod(shape) * 2:
        raise ValueError(f"`{name}` has another size than its shape says")
    return (content.view("<u2").astype("<u4") << np.uint32(16)).view("<f4").reshape(shape)
