"""What the values of a label file mean: which class each is, and which say that none is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Self

import numpy as np
from numpy.typing import NDArray

from jpegproof.exceptions import DataError, nearest
from jpegproof.jpeg.intake import UnusablePictureError
from jpegproof.tasks.label_map import ClassNumbers
from jpegproof.tasks.segmenter import VOID

_VALUES = 256
_UNKNOWN = -2


@dataclass(frozen=True, slots=True, eq=False)
class LabelCode:
    """The classes of a data set, and the value that stands for each in its label files.

    Attributes:
        class_names: in the order of the model's outputs.
        numbers: (256,) int16: the class of each value, `VOID`, or -2 where a value means nothing.
    """

    class_names: tuple[str, ...]
    numbers: NDArray[np.int16]

    @classmethod
    def of(cls, names: Sequence[str], void: Sequence[str | int] = (), first: int = 0) -> Self:
        """The code in which names stand for rising values.

        Args:
            names: of the values from `first` on.
            void: names or values that say that nothing is known; a name among them is no class, and those behind it
                move up in the numbering of classes.
            first: the value of the first name.

        Raises:
            DataError: more names than values, a void that is neither a name nor a value, or no class is left.
        """
        if first + len(names) > _VALUES:
            raise DataError(f"{len(names)} classes do not fit into the {_VALUES} values of an 8-bit label file")
        voids = {_value(item, names, first) for item in void}
        numbers = np.full(_VALUES, _UNKNOWN, dtype=np.int16)
        kept = [value for value in range(first, first + len(names)) if value not in voids]
        numbers[kept] = np.arange(len(kept))
        numbers[sorted(voids)] = VOID
        if not kept:
            raise DataError("every class is void, so nothing is left to tell apart")
        return cls(tuple(names[value - first] for value in kept), numbers)

    def classes_of(self, values: NDArray[np.uint8]) -> ClassNumbers:
        """The classes that the values of a label file stand for.

        Raises:
            UnusablePictureError: a value means nothing.
        """
        classes = self.numbers[values]
        unknown = classes == _UNKNOWN
        if unknown.any():
            value, count = int(values[unknown].min()), int(unknown.sum())
            raise UnusablePictureError(
                f"its label map holds value {value}, which is no class of the list ({count:,} pixels hold such values; "
                "if they say that nothing is known, name them as void)"
            )
        return classes

    def describe(self) -> str:
        """A text that changes with the meaning of any value."""
        return blake2b(self.numbers.tobytes(), digest_size=8).hexdigest()


def _value(item: str | int, names: Sequence[str], first: int) -> int:
    if isinstance(item, str) and item in names:
        return first + list(names).index(item)
    if isinstance(item, str) and not item.strip().isdecimal():
        raise DataError(f"void {item!r} is neither a class of the list nor a value.{nearest(item, names)}")
    if not 0 <= int(item) < _VALUES:
        raise DataError(f"void {item}: values of a label file are 0 to {_VALUES - 1}")
    return int(item)
