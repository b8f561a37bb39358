"""Pickles of numpy arrays, read without importing, building or calling anything of the file's choice."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from jpegproof.exceptions import WeightsError
from jpegproof.safe_text import printable

# Numbers alone: numpy's other types can hold objects.
_TYPES = {
    *("f2", "f4", "f8", "b1"),
    *(f"{kind}{size}" for kind in "iu" for size in (1, 2, 4, 8)),
}


class _RefusedError(Exception):
    """The file asks for something that a file of arrays does not need."""


class PickledArray:
    """An array as a pickle describes it; its numbers are looked at when they are asked for."""

    __slots__ = ("_buffer", "_columns_first", "_shape", "_type")

    def __init__(self) -> None:
        self._shape: Any = None

    def __setstate__(self, state: Any) -> None:
        _, self._shape, self._type, self._columns_first, self._buffer = state

    def numpy(self) -> NDArray[Any]:
        """The array itself, its own copy.

        Raises:
            ValueError: the description makes no array of numbers.
        """
        if not isinstance(self._shape, tuple) or not isinstance(self._type, _PickledType):
            raise ValueError("an array is described in a way that is not known here")
        if not all(isinstance(side, int) and side >= 0 for side in self._shape):
            raise ValueError("an array has sides that are no whole numbers")
        values = np.frombuffer(_bytes(self._buffer), self._type.numpy())
        return values.reshape(self._shape, order="F" if self._columns_first else "C").copy()


class _PickledType:
    __slots__ = ("_name", "_order")

    def __init__(self, name: Any, *_: Any) -> None:
        self._name, self._order = name, "="

    def __setstate__(self, state: Any) -> None:
        self._order = state[1]

    def numpy(self) -> np.dtype[Any]:
        name = self._name.lstrip("<>|=") if isinstance(self._name, str) else self._name
        if name not in _TYPES or self._order not in ("<", ">", "|", "="):
            raise ValueError(f"arrays of type {name!r} are no arrays of plain numbers")
        return np.dtype(name).newbyteorder(self._order)


def read_pickled_arrays(path: Path) -> Any:
    """The content of a pickle of plain data and numpy arrays.

    A pickle names classes and functions to be called with arguments of its choice. Here the few names that numpy's
    pickles hold (those of numpy 1 and 2) are answered with stand-ins written in this module, and any other ends the
    reading: nothing is imported, and nothing of the file's choice is called.

    Args:
        path: a local file.

    Returns:
        Plain data; arrays are `PickledArray`, see `as_array`.

    Raises:
        WeightsError: the file is missing, no pickle, damaged, or holds more than data and arrays.
    """
    try:
        with path.open("rb") as file:
            return _Unpickler(file, encoding="latin1").load()
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read: {error.strerror}") from error
    except _RefusedError as error:
        raise WeightsError(
            f"{path}: holds more than arrays and plain data ({printable(str(error))}), which could run code on "
            "loading; refused"
        ) from error
    # Damaged pickles fail in whatever way the parser stumbles.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"{path}: is not a readable pickle: {reason}") from error


def as_array(value: Any, path: Path, what: str) -> NDArray[Any]:
    """A pickled array, or a list of numbers, as numpy has it.

    Args:
        value: from `read_pickled_arrays`.
        path, what: for the message.

    Raises:
        WeightsError: it is something else.
    """
    try:
        array = value.numpy() if isinstance(value, PickledArray) else np.asarray(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: {what} cannot be read: {error}") from error
    if array.dtype.kind not in "biuf":
        raise WeightsError(f"{path}: {what} is a {type(value).__name__} and no array of numbers")
    return array


# Python's own unpickler in Python: the one in C takes the memo's indices, which a damaged file may make any size, as
# sizes of an array.
class _Unpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stand_in = _STAND_INS.get((module.replace("numpy.core", "numpy._core", 1), name))
        if stand_in is None:
            raise _RefusedError(f"{module}.{name}")
        # A new function each time: what a file hangs on it is gone with it.
        return lambda *arguments: stand_in(*arguments)

    def persistent_load(self, pid: Any) -> NoReturn:
        raise _RefusedError("an object stored elsewhere")

    def get_extension(self, code: int) -> NoReturn:
        raise _RefusedError("an object from the registry of extensions")


def _array(*_: Any) -> PickledArray:
    """What numpy calls _reconstruct: an empty array, described afterwards."""
    return PickledArray()


def _array_of_buffer(buffer: Any, kind: Any, shape: Any, order: Any) -> PickledArray:
    """What numpy calls _frombuffer, in pickles of protocol 5."""
    array = PickledArray()
    array.__setstate__((1, shape, kind, order == "F", buffer))
    return array


def _number(kind: Any, buffer: Any = b"") -> Any:
    """What numpy calls scalar."""
    if not isinstance(kind, _PickledType):
        raise _RefusedError("a number of a type that is not known here")
    return np.frombuffer(_bytes(buffer), kind.numpy())[0].item()


def _encoded(text: Any = "", encoding: Any = "latin1") -> bytes:
    """What protocol 2 writes bytes with."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise _RefusedError(f"_codecs.encode to {encoding!r}")
    return text.encode("latin1")


def _no_bytes(*arguments: Any) -> bytes:
    """What protocol 2 writes empty bytes with."""
    if arguments:
        raise _RefusedError("bytes of something")
    return b""


def _bytes(buffer: Any) -> bytes | bytearray:
    """Python 2's bytes arrive as text in Latin-1."""
    if isinstance(buffer, str):
        return buffer.encode("latin1")
    if not isinstance(buffer, bytes | bytearray):
        raise ValueError("an array's numbers are not stored as bytes")
    return buffer


def _only_an_argument(*_: Any) -> NoReturn:
    raise _RefusedError("numpy.ndarray, called")


_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _only_an_argument,
    ("numpy", "dtype"): _PickledType,
    ("numpy._core.multiarray", "_reconstruct"): _array,
    ("numpy._core.multiarray", "scalar"): _number,
    ("numpy._core.numeric", "_frombuffer"): _array_of_buffer,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): _no_bytes,
    ("collections", "OrderedDict"): OrderedDict,
}
