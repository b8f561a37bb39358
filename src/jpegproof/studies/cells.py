"""The cells of a plan in columns: a study may have millions of them, of which few are in hand at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self, overload

import numpy as np
from numpy.typing import NDArray

#: Bytes of a name: it is a fingerprint of 32 hexadecimal digits.
_NAME = 16

#: So many names are turned into numbers at once.
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Cell:
    """One file of predictions: a shard under a compression along an edge (numbers into the plan's lists)."""

    shard: int
    compression: int
    edge: int
    name: str


class Cells(Sequence[Cell]):
    """Cells in the order in which they are made; 26 bytes each.

    Args:
        shard, compression, edge: (N,) numbers into the plan's lists, each shard's cells together.
        names: (N, 16) uint8, the fingerprints' bytes.
    """

    def __init__(
        self,
        shard: NDArray[np.int32],
        compression: NDArray[np.int32],
        edge: NDArray[np.int32],
        names: NDArray[np.uint8],
    ) -> None:
        self.shard = np.ascontiguousarray(shard, dtype=np.int32)
        self.compression = np.ascontiguousarray(compression, dtype=np.int32)
        self.edge = np.ascontiguousarray(edge, dtype=np.int16)
        self.names = np.ascontiguousarray(names, dtype=np.uint8).reshape(len(self.shard), _NAME)

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Self:
        """From cells one by one.

        Raises:
            ValueError: a name is no fingerprint.
        """
        numbers: list[NDArray[np.int32]] = []
        names: list[NDArray[np.uint8]] = []
        rest = iter(cells)
        while block := list(islice(rest, _AT_ONCE)):
            numbers.append(np.array([(cell.shard, cell.compression, cell.edge) for cell in block], dtype=np.int32))
            names.append(name_bytes("".join(cell.name for cell in block), len(block)))
        if not numbers:
            none = np.zeros(0, dtype=np.int32)
            return cls(none, none, none, np.zeros((0, _NAME), dtype=np.uint8))
        columns = np.concatenate(numbers)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2], np.concatenate(names))

    def __len__(self) -> int:
        return len(self.shard)

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | Sequence[Cell]:
        if isinstance(index, slice):
            return self.at(np.arange(len(self))[index])
        place = range(len(self))[index]
        name = self.names[place].tobytes().hex()
        return Cell(int(self.shard[place]), int(self.compression[place]), int(self.edge[place]), name)

    def __iter__(self) -> Iterator[Cell]:
        for begin in range(0, len(self), _AT_ONCE):
            yield from self.at(np.arange(begin, min(begin + _AT_ONCE, len(self))))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Cells):
            return NotImplemented
        own, others = ((cells.shard, cells.compression, cells.edge, cells.names) for cells in (self, other))
        return all(np.array_equal(a, b) for a, b in zip(own, others, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def at(self, places: NDArray[np.intp]) -> list[Cell]:
        """The cells at some places."""
        text = self.names[places].tobytes().hex()
        columns = (column[places].tolist() for column in (self.shard, self.compression, self.edge))
        return [
            Cell(shard, compression, edge, text[2 * _NAME * row : 2 * _NAME * (row + 1)])
            for row, (shard, compression, edge) in enumerate(zip(*columns, strict=True))
        ]

    def column(self, edge: int, compression: int) -> list[Cell]:
        """The cells of one edge at one compression, in the order of the pictures."""
        return self.at(np.flatnonzero((self.edge == edge) & (self.compression == compression)))

    def of_shard(self, shard: int) -> list[Cell]:
        """The cells of one shard."""
        return self.at(np.arange(*np.searchsorted(self.shard, [shard, shard + 1])))

    def named(self, names: Iterable[str]) -> NDArray[np.bool_]:
        """Which cells have one of some names; what is no fingerprint among these is nobody's name."""
        found = _digests(names)
        if not len(found):
            return np.zeros(len(self), dtype=bool)
        own = self._whole_names
        return found[np.minimum(np.searchsorted(found, own), len(found) - 1)] == own

    def names_among(self, names: Iterable[str]) -> Iterator[str]:
        """Those of some names that cells have, once for each cell."""
        for place in np.flatnonzero(self.named(names)):
            yield self.names[place].tobytes().hex()

    def shares(self, other: Cells) -> bool:
        """Whether a cell of each has the same name."""
        return bool(np.isin(self._whole_names, other._whole_names).any())

    @property
    def _whole_names(self) -> NDArray[Any]:
        """(N,) names that can be compared; zeros at their end count for nothing, as all are of one length."""
        return self.names.view(f"S{_NAME}").reshape(-1)


class Units(Sequence[tuple[Cell, ...]]):
    """The cells that are not finished, shard by shard; each unit is made when it is asked for.

    Args:
        whole: all the cells.
        finished: (N,) which of them are.

    Attributes:
        cells: how many are not finished.
    """

    def __init__(self, whole: Cells, finished: NDArray[np.bool_]) -> None:
        self._whole = whole
        self._places = np.flatnonzero(~finished)
        self.cells = len(self._places)
        shards = whole.shard[self._places]
        self._begins = np.append(np.flatnonzero(np.diff(shards, prepend=-1)), self.cells)

    def __len__(self) -> int:
        return len(self._begins) - 1

    @overload
    def __getitem__(self, index: int) -> tuple[Cell, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[Cell, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Cell, ...] | Sequence[tuple[Cell, ...]]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        return tuple(self._whole.at(self._places[self._begins[place] : self._begins[place + 1]]))


def name_bytes(digits: str, count: int) -> NDArray[np.uint8]:
    """(count, 16) uint8: the fingerprints whose digits follow each other in a text.

    Raises:
        ValueError: the text is not so many fingerprints.
    """
    whole = bytes.fromhex(digits)
    if len(whole) != count * _NAME:
        raise ValueError(f"{len(digits)} digits are not the names of {count} cells")
    return np.frombuffer(whole, dtype=np.uint8).reshape(count, _NAME)


def _digests(names: Iterable[str]) -> NDArray[Any]:
    """The names that are fingerprints, sorted, as bytes of one length."""
    blocks: list[bytes] = []
    rest = iter(names)
    while block := list(islice(rest, _AT_ONCE)):
        blocks.append(b"".join(whole for name in block if len(whole := _from_digits(name)) == _NAME))
    return np.sort(np.frombuffer(b"".join(blocks), dtype=f"S{_NAME}"))


def _from_digits(name: str) -> bytes:
    try:
        return bytes.fromhex(name)
    except ValueError:
        return b""
