"""Writing ONNX files: a graph of operators and weights in protobuf's wire format, without the library for it."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

IR_VERSION: Final = 8
OPSET: Final = 17
CONTRIBUTED: Final = "com.microsoft"
"""The domain of onnxruntime's own operators."""

# Numbers of `TensorProto.DataType` and `AttributeProto.AttributeType` in onnx.proto.
_DATA_TYPES: Final[Mapping[str, int]] = {
    "float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float16": 10,
}  # fmt: skip
_FLOAT, _INT, _INTS = 1, 2, 7


@dataclass(slots=True, kw_only=True)
class Graph:
    """
    A graph that is being written.

    Attributes:
        nodes, tensors: encoded so far.
    """

    nodes: list[bytes] = field(default_factory=list)
    tensors: list[bytes] = field(default_factory=list)

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Adds weights under a name, and gives the name."""
        values = np.ascontiguousarray(values)
        self.tensors.append(
            b"".join(_number(1, dimension) for dimension in values.shape)
            + _number(2, _DATA_TYPES[values.dtype.name])
            + _bytes(8, name.encode())
            + _bytes(9, values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes())
        )
        return name

    def node(
        self, kind: str, inputs: Sequence[str], outputs: Sequence[str], *, domain: str = "", **attributes: Any
    ) -> str:
        """Adds an operator, and gives the name of its first output. An input left out is an empty name."""
        self.nodes.append(
            b"".join(_bytes(1, name.encode()) for name in inputs)
            + b"".join(_bytes(2, name.encode()) for name in outputs)
            + _bytes(3, outputs[0].encode())
            + _bytes(4, kind.encode())
            + b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())
            + (_bytes(7, domain.encode()) if domain else b"")
        )
        return outputs[0]

    def encoded(self, *, ids: str, output: str, dimensions: int) -> bytes:
        """The whole file: it takes `ids` of one text and gives one row of so many dimensions."""
        graph = (
            b"".join(_bytes(1, node) for node in self.nodes)
            + _bytes(2, b"encoder")
            + b"".join(_bytes(5, tensor) for tensor in self.tensors)
            + _bytes(11, _value(ids, "int64", (1, "tokens")))
            + _bytes(12, _value(output, "float32", (1, dimensions)))
        )
        opsets = _number(2, OPSET), _bytes(1, CONTRIBUTED.encode()) + _number(2, 1)
        model = _number(1, IR_VERSION) + _bytes(2, b"policy_engine") + _bytes(7, graph)
        return model + b"".join(_bytes(8, opset) for opset in opsets)


def _value(name: str, kind: str, shape: Sequence[int | str]) -> bytes:
    dimensions = b"".join(
        _bytes(1, _number(1, size) if isinstance(size, int) else _bytes(2, size.encode())) for size in shape
    )
    tensor = _number(1, _DATA_TYPES[kind]) + _bytes(2, dimensions)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Any) -> bytes:
    head = _bytes(1, name.encode())
    if isinstance(value, float):
        return head + _tag(2, 5) + struct.pack("<f", value) + _number(20, _FLOAT)
    if isinstance(value, int):
        return head + _number(3, value) + _number(20, _INT)
    return head + b"".join(_number(8, item) for item in value) + _number(20, _INTS)


def _number(field: int, value: int) -> bytes:
    return _tag(field, 0) + _varint(value & 0xFFFF_FFFF_FFFF_FFFF)


def _bytes(field: int, value: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(value)) + value


def _tag(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
