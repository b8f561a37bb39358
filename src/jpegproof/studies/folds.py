"""Cross-fitting: which pictures a training may not see, so that each can be measured with what has not seen it."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TypeVar

from jpegproof.exceptions import DataError
from jpegproof.studies.spec import StudySpec

T = TypeVar("T")


def fold_of(picture: str, folds: int) -> int:
    """The fold of a picture, by the name of its scene alone: it stays where it is when others come and go."""
    return int.from_bytes(blake2b(picture.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big") % folds


def folds_of(spec: StudySpec, training: str) -> int | None:
    """How many folds a training has: those of the data that it, or what it builds on, learns from; None for none.

    Raises:
        DataError: several data sets of its lineage are cut into different numbers of folds, so that no artifact could
            be said not to have seen a fold of each.
    """
    found: dict[int, str] = {}
    for name in lineage(spec, training):
        stop_on = spec.trainings[name].stop_on
        for data in [*spec.trainings[name].data_names, *([stop_on] if stop_on is not None else [])]:
            if (folds := spec.data[data].folds) is not None:
                found.setdefault(folds, data)
    if len(found) > 1:
        told = ", ".join(f"{data!r} into {folds}" for folds, data in found.items())
        raise DataError(f"training {training!r} learns from data cut into different folds ({told}); use one number")
    return next(iter(found), None)


def of_fold(by_place: Mapping[tuple[str, int | None], T], training: str, fold: int | None) -> T:
    """What belongs to a training for pictures of a fold: the only one there is where it is not cross-fitted."""
    return by_place[training, fold] if (training, fold) in by_place else by_place[training, None]


def lineage(spec: StudySpec, training: str) -> list[str]:
    """A training and all trainings that it builds on."""
    this = spec.trainings[training]
    below = [name for name in (this.start, this.corrector) if name is not None and name in spec.trainings]
    return list(dict.fromkeys([training, *(name for first in below for name in lineage(spec, first))]))
