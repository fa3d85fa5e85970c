"""Let an ONNX model that was exported for one row take many: edit the shapes that its inputs and outputs declare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nbframes.export.containers.protobuf import BYTES, fields

if TYPE_CHECKING:
    from collections.abc import Callable

# Field numbers of onnx.proto: ModelProto.graph; GraphProto.input and output; ValueInfoProto.type, TypeProto.tensor_type,
# TypeProto.Tensor.shape; TensorShapeProto.dim.
_GRAPH: Final = 7
_INPUT, _OUTPUT = 11, 12
_SHAPE_OF_VALUE: Final = (2, 1, 2)
_DIMENSION: Final = 1
_ANY_NUMBER_OF_ROWS: Final = b"\x12\x05batch"
"""A dimension whose field 2, dim_param, names it instead of fixing it."""


def with_free_batch(model: bytes) -> bytes:
    """Return an ONNX model with the first dimension of every input and output left open.

    Raises
    ------
    SourceError
        If the bytes are not in the wire format of ONNX.
    """

    def free_graph(graph: bytes) -> bytes:
        for values in (_INPUT, _OUTPUT):
            graph = _changed(graph, (values, *_SHAPE_OF_VALUE), _with_free_first_dimension)
        return graph

    return _changed(model, (_GRAPH,), free_graph)


def _with_free_first_dimension(shape: bytes) -> bytes:
    first = next((field for field in fields(shape) if field.number == _DIMENSION), None)
    return shape if first is None else _message(_DIMENSION, _ANY_NUMBER_OF_ROWS) + shape[first.stop :]


def _changed(message: bytes, path: tuple[int, ...], change: Callable[[bytes], bytes]) -> bytes:
    """Change all submessages that lie at a path of field numbers."""
    if not path:
        return change(message)
    parts, end = [], 0
    for field in fields(message):
        if field.number == path[0] and field.wire == BYTES:
            parts.append(_message(field.number, _changed(message[field.start : field.stop], path[1:], change)))
        else:
            parts.append(message[end : field.stop])
        end = field.stop
    return b"".join(parts)


def _message(number: int, content: bytes) -> bytes:
    """Encode a submessage with its tag and length."""
    length, encoded = len(content), bytearray([number << 3 | BYTES])
    while length >= 0x80:
        encoded.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes(encoded) + bytes([length]) + content
