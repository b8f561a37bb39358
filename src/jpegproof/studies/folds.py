"""Cross-fitting: which pictures a training may not see, so that each can be measured with what has not seen it."""

from __future__ import annotations

from hashlib import blake2b

from jpegproof.studies.spec import StudySpec


def fold_of(picture: str, folds: int) -> int:
    """The fold of a picture, by its name alone: it stays where it is when others come and go."""
    return int.from_bytes(blake2b(picture.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big") % folds


def folds_of(spec: StudySpec, training: str) -> int | None:
    """How many folds a training has: those of the data it learns from, or of what it builds on."""
    this = spec.trainings[training]
    for name in this.data_names:
        if (folds := spec.data[name].folds) is not None:
            return folds
    for name in (this.start, this.corrector):
        if name in spec.trainings and (folds := folds_of(spec, name)) is not None:
            return folds
    return None
