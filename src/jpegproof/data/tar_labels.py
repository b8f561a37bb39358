"""The classes of a WebDataset: which of the files beside its pictures tells them, and the number of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from jpegproof.data.image_folder import imagenet_wnids
from jpegproof.data.tar_index import LABEL_FIELDS


@dataclass(frozen=True, slots=True)
class TarLabels:
    """The classes of all pictures.

    Attributes:
        field: which files tell them.
        numbers: (N,) the class of each picture; -1 where none of the set's is told.
        class_names: by number; None where the files hold numbers and no list says what they mean.
    """

    field: str
    numbers: NDArray[np.int32]
    class_names: tuple[str, ...] | None


def labels_of(table: pa.Table, classes: tuple[str, ...] | None) -> TarLabels | None:
    """Finds the classes of pictures; None where most have none.

    Args:
        table: of the pictures, as `tar_index` makes it.
        classes: the whole list in label order; None takes ImageNet's wnids where most names are among them, else the
            names that are there, sorted. Names in ``.txt`` are then no classes but captions, unless they are wnids.
    """
    readable = np.asarray(table.column("digest").is_valid())
    for field in LABEL_FIELDS:
        told = table.column(field).dictionary_encode().unify_dictionaries().combine_chunks()
        texts: Sequence[str] = told.dictionary.to_pylist() if len(told) else []
        names = classes if classes is not None else _names(field, texts)
        number = {name: place for place, name in enumerate(names or ())}
        of_text = np.array([_number(text, number, names) for text in texts] + [-1], dtype=np.int32)
        numbers = of_text[np.asarray(pc.fill_null(told.indices, len(texts)))]
        if 2 * np.count_nonzero(numbers[readable] >= 0) > np.count_nonzero(readable):
            return TarLabels(field, numbers, names)
    return None


def _names(field: str, texts: Sequence[str]) -> tuple[str, ...] | None:
    """The classes that texts are the names of; None where they are numbers, or no names."""
    told = [text for text in texts if not text.isdecimal()]
    wnids = set(told) & set(imagenet_wnids())
    if told and 2 * len(wnids) > len(texts):
        return imagenet_wnids()
    return tuple(sorted(told)) if told and field != "txt" and 2 * len(told) > len(texts) else None


def _number(text: str, number: dict[str, int], names: Sequence[str] | None) -> int:
    """The class that a text tells; -1 for none of the set's."""
    if text in number:
        return number[text]
    plain = text.isascii() and text.isdecimal() and len(text) < 9
    return int(text) if plain and (names is None or int(text) < len(names)) else -1
