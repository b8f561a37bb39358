"""Paths of very many files in little memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np


class ManyPaths(Sequence[Path]):
    """A fixed sequence of paths, kept as bytes: what is below the folder that all of them begin with, end to end.

    Args:
        root: the folder; paths outside it are kept whole.
        paths: the paths.
    """

    def __init__(self, root: Path, paths: Iterable[Path | str]) -> None:
        begin = os.fsencode(root / "_")[:-1]
        names = bytearray()
        ends = [0]
        for path in paths:
            whole = os.fsencode(path)
            # No path is empty, so an empty beginning marks what is below the root.
            names += b"\0" + whole[len(begin) :] if whole.startswith(begin) else whole
            ends.append(len(names))
        self._begin = begin
        self._names = bytes(names)
        self._ends = np.array(ends, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | Sequence[Path]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        return Path(os.fsdecode(self._whole(range(len(self))[index])))

    def __iter__(self) -> Iterator[Path]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ManyPaths):
            return NotImplemented
        return len(self) == len(other) and all(own == its for own, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def _whole(self, index: int) -> bytes:
        stored = self._names[int(self._ends[index]) : int(self._ends[index + 1])]
        return self._begin + stored[1:] if stored.startswith(b"\0") else stored
