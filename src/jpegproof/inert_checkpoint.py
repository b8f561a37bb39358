"""PyTorch checkpoints full of foreign objects, read without importing, building or calling any of them."""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

# torch's names of storages, of the types that weights have.
_STORAGES = {
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

_ZIP_MAGIC = b"PK\x03\x04"

# What the older of torch's two formats begins with.
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C


class ForeignObject:
    """Stands in for whatever is no tensor and no plain data: takes everything that is done to it, and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> ForeignObject:
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def __call__(self, *_: Any, **__: Any) -> ForeignObject:
        return ForeignObject()

    def __setstate__(self, _: Any) -> None: ...

    def __setitem__(self, _: Any, __: Any) -> None: ...

    def append(self, _: Any) -> None:
        """As of a list."""

    def extend(self, _: Any) -> None:
        """As of a list."""

    def add(self, _: Any) -> None:
        """As of a set."""


def read_inert(path: Path) -> Any:
    """The content of a checkpoint that ``torch.save`` wrote, in either of its formats.

    A pickle names classes and functions to be called with arguments of its choice. Here a name is looked up in a short
    list of this module's own: ordered dictionaries, storages, and rebuilders of dense tensors that are written below.
    Every other name, whatever its module, becomes a `ForeignObject`: nothing is imported, and nothing of the file's
    choice is called.

    Args:
        path: a local file. Tensors are views of it where they can be (copy on write), so that what is not looked at
            takes no memory: copy what is to outlive the file.

    Raises:
        Exception: of many kinds, if it is damaged or of another format.
    """
    # As torch decides: an archive may also lie within a file of the older format.
    with path.open("rb") as file:
        zipped = file.read(len(_ZIP_MAGIC)) == _ZIP_MAGIC
    return _read_zip(path) if zipped else _read_legacy(path)


# Python's own unpickler in Python: the one in C takes the memo's indices, which a damaged file may make any size, as
# sizes of an array.
class _Unpickler(pickle._Unpickler):
    def __init__(self, file: IO[bytes], storage: Callable[[torch.dtype, str, int], torch.Tensor]) -> None:
        super().__init__(file, encoding="utf-8")
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if module == "torch._utils" and name in _REBUILDERS:
            rebuild = _REBUILDERS[name]
            # A new function each time: what a file hangs on it is gone with it.
            return lambda *arguments: rebuild(*arguments)
        return type("ForeignObject", (ForeignObject,), {})

    def persistent_load(self, pid: Any) -> Any:
        if isinstance(pid, tuple) and len(pid) > 1 and pid[0] == "module":  # a class with its source, in old files
            return pid[1]
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or any(pid[5:]):
            raise ValueError("tensors are stored in a way that is not known here")
        dtype, key, count = pid[1], pid[2], pid[4]
        if not isinstance(dtype, torch.dtype) or not isinstance(key, str) or not isinstance(count, int) or count < 0:
            raise ValueError("a tensor's storage is of a kind that is not known here")
        return self._storage(dtype, key, count)


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Any:
    """What torch calls _rebuild_tensor and _rebuild_tensor_v2; gradients and hooks are passed over."""
    if not isinstance(storage, torch.Tensor):
        return ForeignObject()
    return torch.as_strided(storage, size, stride, offset)  # refuses what lies outside of the storage


def _parameter(data: Any, *_: Any) -> Any:
    """What torch calls _rebuild_parameter: its tensor."""
    return data


_REBUILDERS: dict[str, Callable[..., Any]] = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
}


def _read_zip(path: Path) -> Any:
    mapped = np.memmap(path, np.uint8, mode="c")
    with zipfile.ZipFile(path) as archive:
        (root,) = [
            name.removesuffix("data.pkl")
            for name in archive.namelist()
            if name.count("/") <= 1 and name.rsplit("/")[-1] == "data.pkl"
        ]
        places = {entry.filename: entry for entry in archive.infolist()}
        if f"{root}byteorder" in places and archive.read(f"{root}byteorder") != b"little":
            raise ValueError("tensors are stored in big-endian order")

        def storage(dtype: torch.dtype, key: str, count: int) -> torch.Tensor:
            entry = places[f"{root}data/{key}"]
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size < count * dtype.itemsize:
                raise ValueError(f"tensor storage {key} is compressed or cut off")
            # The local header repeats the name and may have extra fields of another length than the directory's.
            name, extra = struct.unpack("<HH", mapped[entry.header_offset + 26 :][:4].tobytes())
            start = entry.header_offset + 30 + name + extra
            return _as_tensor(mapped, start, dtype, count)

        entry = places[f"{root}data.pkl"]
        if entry.compress_type != zipfile.ZIP_STORED:
            raise ValueError("data.pkl is compressed")
        with archive.open(entry) as file:
            return _Unpickler(file, storage).load()


def _read_legacy(path: Path) -> Any:
    """Four pickles (a number to know it by, a version, the machine, the content), the storages' keys, the storages."""
    size = path.stat().st_size
    storages: dict[str, torch.Tensor] = {}

    def storage(dtype: torch.dtype, key: str, count: int) -> torch.Tensor:
        if key not in storages:
            claimed = sum(known.nbytes for known in storages.values()) + count * dtype.itemsize
            if claimed > size:
                raise ValueError("tensors claim more bytes than the file has")
            storages[key] = torch.empty(count, dtype=dtype)
        return storages[key]

    with path.open("rb") as file:
        magic, _, machine, content = (_Unpickler(file, storage).load() for _ in range(4))
        if magic != _LEGACY_MAGIC or not machine["little_endian"]:
            raise ValueError("is of a format that is not known here")
        keys = _Unpickler(file, storage).load()
        for key in keys:
            values = storages[key]
            (count,) = struct.unpack("<q", file.read(8))
            if count != values.numel():
                raise ValueError(f"tensor storage {key} is of another size than its tensors")
            content_of_key = np.frombuffer(file.read(values.nbytes), np.uint8)
            if len(content_of_key) != values.nbytes:
                raise ValueError(f"tensor storage {key} is cut off")
            values.view(torch.uint8).numpy()[:] = content_of_key
        if set(keys) != set(storages):
            raise ValueError("tensors have no storage in the file")
    return content


def _as_tensor(mapped: np.ndarray, start: int, dtype: torch.dtype, count: int) -> torch.Tensor:
    content = mapped[start : start + count * dtype.itemsize]
    if len(content) < count * dtype.itemsize:
        raise ValueError("a tensor's storage is cut off")
    values = torch.from_numpy(content)
    # torch aligns storages in files as in memory; others cannot be looked at in place.
    return (values if start % dtype.itemsize == 0 else values.clone()).view(dtype)
