"""No picture is measured with something that has learned from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jpegproof.data.scenes import scene_identity, scene_name
from jpegproof.exceptions import DataError
from jpegproof.studies.artifacts import stopping_pictures, training_pictures
from jpegproof.studies.folds import folds_of, lineage
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.workshop import Workshop


def refuse_leaks(spec: StudySpec, workshop: Workshop, edges: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Refuses a study in which a picture would be measured with what has learned from it.

    Args:
        spec: the study.
        workshop: the things it names.
        edges: of each edge, its model and what else it names: correctors and trainings.

    Raises:
        DataError: there is such a picture.
    """
    measured: dict[str, Mapping[str, list[int]]] = {}
    for model, named in edges:
        data = spec.data_of(model)
        pictures = workshop.pictures(data)
        for training in {name for name in named if name in spec.trainings}:
            if data not in measured:
                measured[data] = _by_identity(workshop, data)
            for seen in lineage(spec, training):
                for fold in range(folds) if (folds := folds_of(spec, seen)) is not None else [None]:
                    used = training_pictures(spec, workshop, seen, fold)
                    for source, number in used + stopping_pictures(spec, workshop, seen, fold):
                        learned = workshop.pictures(source)
                        for other in measured[data].get(scene_identity(learned, number), ()):
                            # Cross-fitted: this artifact is not used on its fold, so it may have seen all others.
                            same = scene_name(pictures, other) == scene_name(learned, number)
                            if not (same and source == data and fold is not None):
                                names = learned.name(number), pictures.name(other)
                                raise DataError(_leak(seen, *names, model, data))


def _by_identity(workshop: Workshop, data: str) -> dict[str, list[int]]:
    """The numbers of the pictures that are measured, by the identity of what they show."""
    pictures = workshop.pictures(data)
    numbers: dict[str, list[int]] = {}
    for number in workshop.chosen(data):
        numbers.setdefault(scene_identity(pictures, number), []).append(number)
    return numbers


def _leak(training: str, learned: str, measured: str, model: str, data: str) -> str:
    if learned != measured:
        copy = f"{learned}, a copy of {measured}," if learned else measured
        return (
            f"training {training!r} learns from {copy} on which {model} is measured behind it; take one of the copies "
            "away, or train on other pictures"
        )
    return (
        f"training {training!r} learns from {measured}, on which {model} is measured behind it; give data {data!r} "
        "folds: 2 to cross-fit, or train on other pictures"
    )
