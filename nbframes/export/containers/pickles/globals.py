"""What a pickle may name, and what is built when it does: nothing else is ever called."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ATOMS: Final = frozenset({str, int, float, bool, bytes, type(None)})

_DTYPE: Final = re.compile(r"[|<>=]?[biufSUV?]\d{0,6}|bool|u?int(8|16|32|64)|float(16|32|64)")


class Global(NamedTuple):
    """An allowed global: its full name, and the function that stands for calling it."""

    name: str
    build: Callable[..., Any]


class Opaque:
    """Stands for a value that was not read."""


def checked_key(key: Any, /) -> Any:
    """Return ``key`` if hashing it takes bounded time: an atom, a number of numpy, or a flat tuple of these."""
    if type(key) in ATOMS or isinstance(key, np.generic):
        return key
    if type(key) is tuple and all(type(part) in ATOMS or isinstance(part, np.generic) for part in key):
        return key
    msg = f"a {type(key).__name__} cannot be a key"
    raise ValueError(msg)


def _ordered_dict(pairs: Any = (), /) -> OrderedDict[Any, Any]:
    return OrderedDict((checked_key(key), value) for key, value in pairs)


def _set(items: Any = (), /) -> set[Any]:
    return {checked_key(item) for item in items}


def _encode(text: str, encoding: str) -> bytes:
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        msg = f"_codecs.encode is allowed for text in latin1 only, not in {encoding!r}"
        raise ValueError(msg)
    return text.encode("latin1")


def _bytearray(data: bytes = b"", /) -> bytearray:
    if type(data) is not bytes:
        msg = "bytearray is built from bytes only"
        raise ValueError(msg)
    return bytearray(data)


def _bytes() -> bytes:
    """Protocol 2 writes empty bytes as a call without arguments."""
    return b""


def _dtype(code: Any, _align: Any = None, _copy: Any = None, /) -> np.dtype[Any]:
    if type(code) is bytes:
        code = code.decode("ascii")
    if type(code) is not str or not _DTYPE.fullmatch(code):
        msg = "only plain numeric and string dtypes are allowed"
        raise ValueError(msg)
    return np.dtype(code, copy=True)  # a copy of its own: BUILD sets the byte order in place


def _scalar(dtype: Any, raw: Any, /) -> Any:
    if not isinstance(dtype, np.dtype) or dtype.hasobject:
        msg = "a numpy scalar needs a plain dtype"
        raise ValueError(msg)
    if type(raw) is not bytes or len(raw) != dtype.itemsize:
        msg = f"a numpy scalar of {dtype} needs {dtype.itemsize} bytes"
        raise ValueError(msg)
    return np.frombuffer(raw, dtype)[0]


def _reconstruct(cls: Any, shape: Any, _kind: Any, /) -> np.ndarray[Any, Any]:
    if cls is not NDARRAY or shape != (0,):
        msg = "only plain numpy arrays are rebuilt"
        raise ValueError(msg)
    return np.ndarray((0,), np.uint8)


def _ndarray(*_args: Any) -> Any:
    msg = "numpy.ndarray is allowed as an argument of _reconstruct only"
    raise ValueError(msg)


def _check_array(raw: Any, dtype: Any, shape: Any) -> None:
    if not isinstance(dtype, np.dtype) or dtype.hasobject or dtype.itemsize == 0:
        msg = "a numpy array needs a plain dtype"
        raise ValueError(msg)
    if type(shape) is not tuple or not all(type(length) is int and length >= 0 for length in shape):
        msg = "the shape of a numpy array is a tuple of lengths"
        raise ValueError(msg)
    if type(raw) not in (bytes, bytearray) or math.prod(shape) * dtype.itemsize != len(raw):
        msg = f"a numpy array of {dtype} does not account for its data"
        raise ValueError(msg)


def _frombuffer(raw: Any, dtype: Any, shape: Any, order: Any, /) -> np.ndarray[Any, Any]:
    _check_array(raw, dtype, shape)
    return np.frombuffer(bytes(raw), dtype).reshape(shape, order="F" if order == "F" else "C")


NDARRAY: Final = Global("numpy.ndarray", _ndarray)


def _allowed() -> dict[tuple[str, str], Global]:
    entries: dict[tuple[str, str], Global] = {
        ("collections", "OrderedDict"): Global("collections.OrderedDict", _ordered_dict),
        ("_codecs", "encode"): Global("_codecs.encode", _encode),
        ("numpy", "dtype"): Global("numpy.dtype", _dtype),
        ("numpy", "ndarray"): NDARRAY,
    }
    for module in ("builtins", "__builtin__"):
        entries[module, "set"] = Global("builtins.set", _set)
        entries[module, "frozenset"] = Global("builtins.frozenset", lambda items=(): frozenset(_set(items)))
        entries[module, "bytes"] = Global("builtins.bytes", _bytes)
        entries[module, "bytearray"] = Global("builtins.bytearray", _bytearray)
    for core in ("numpy.core", "numpy._core"):
        entries[f"{core}.multiarray", "scalar"] = Global("numpy.scalar", _scalar)
        entries[f"{core}.multiarray", "_reconstruct"] = Global("numpy._reconstruct", _reconstruct)
        entries[f"{core}.numeric", "_frombuffer"] = Global("numpy._frombuffer", _frombuffer)
    return entries


ALLOWED: Final[Mapping[tuple[str, str], Global]] = _allowed()
"""Globals that any pickle may name, by module and name."""


def build(target: Any, state: Any, /) -> None:
    """Do what BUILD does, for the dtypes and arrays of numpy only; the versions that torch notes on its dicts of weights are dropped."""
    if isinstance(target, dict) and isinstance(state, dict) and state.keys() == {"_metadata"}:
        return
    if isinstance(target, np.dtype):
        _check_dtype_state(target, state)
    elif type(target) is np.ndarray:
        state = _array_state(state)
    else:
        msg = f"a {type(target).__name__} has no state to set"
        raise ValueError(msg)
    target.__setstate__(state)


def _check_dtype_state(dtype: np.dtype[Any], state: Any) -> None:
    sized = dtype.kind in "SUV"
    plain = type(state) is tuple and len(state) == 8 and state[0] == 3 and state[2:5] == (None, None, None)
    if not plain or state[1] not in ("<", ">", "=", "|") or (not sized and state[5:7] != (-1, -1)):
        msg = "only plain numeric and string dtypes are allowed"
        raise ValueError(msg)
    if sized and state[5] != dtype.itemsize:
        msg = f"a dtype of {dtype.itemsize} bytes cannot claim {state[5]!r}"
        raise ValueError(msg)


def _array_state(state: Any) -> tuple[Any, ...]:
    """Return the state of an array if it is one, its data immutable: numpy keeps a view of a bytearray that is then freed."""
    if type(state) is not tuple or len(state) != 5:
        msg = "the state of a numpy array has five parts"
        raise ValueError(msg)
    version, shape, dtype, fortran, raw = state
    _check_array(raw, dtype, shape)
    return version, shape, dtype, fortran, bytes(raw)
