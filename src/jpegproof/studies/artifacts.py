"""What a study trains before it measures: each artifact named by all that it depends on, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from jpegproof.data.scenes import scene_identity, scene_name
from jpegproof.exceptions import DataError
from jpegproof.models.gradients import refuse_without_gradients, refuse_without_weights
from jpegproof.models.model import Model
from jpegproof.studies.drawn_chains import drawn_chains, refuse_lost_labels
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.studies.folds import fold_of, folds_of, of_fold
from jpegproof.studies.spec import CORRECTOR_LEARNS, READS_LABELS, CompressionSpec, StudySpec, TrainingSpec
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.protocol import plain_target
from jpegproof.training.recipe import USUAL_BALANCE, Recipe
from jpegproof.training.stopping import StopRule

#: Raised whenever the way from a recipe to weights changes, so that old artifacts are not taken for new.
TRAINING_VERSION = 2


@dataclass(frozen=True, slots=True)
class Artifact:
    """One training to be done, or done: a study's training, for one fold where it is cross-fitted.

    Attributes:
        training: its name in the study.
        fold: the fold whose pictures it has not seen; None where it is not cross-fitted.
        name: fingerprint of everything that it depends on; names its file.
        needs: names of the artifacts that must be there before it begins.
        steps: updates of the weights.
        pictures: how many it learns from.
    """

    training: str
    fold: int | None
    name: str
    needs: tuple[str, ...]
    steps: int
    pictures: int


def recipe_of(training: TrainingSpec, compression: CompressionSpec) -> Recipe:
    """The numbers of a training, as the training room knows them."""
    own_squares = training.objective == "restore_pixels"
    return Recipe(
        steps=training.steps,
        batch=training.batch,
        learning_rate=training.learning_rate,
        weight_decay=training.weight_decay,
        qualities=training.qualities,
        low_qualities=training.low_qualities,
        subsampling=tuple(training.subsampling),
        chains=drawn_chains(training.chains, compression.chains),
        single_saves=training.single_saves,
        crop=(training.crop or 96) if own_squares else None,
        stage="input" if compression.stage == "input" and not own_squares else "source",
        augment=training.augment,
        precision=training.precision,
        seed=training.seed,
        stop=StopRule(training.patience) if training.stop_on is not None else None,
    )


def used_trainings(spec: StudySpec) -> list[str]:
    """The trainings that some row needs, those that others build on first."""
    order: list[str] = []

    def add(name: str | None) -> None:
        if name is not None and name in spec.trainings and name not in order:
            add(spec.trainings[name].start)
            add(spec.trainings[name].corrector)
            order.append(name)

    for row in spec.mitigations:
        add(row.corrector)
        add(row.tuned)
    return order


def make_artifacts(spec: StudySpec, workshop: Workshop) -> tuple[Artifact, ...]:
    """Works out every artifact of a study, in an order in which they can be trained.

    Raises:
        JpegproofError: a data set, model or corrector of a training cannot be had.
        DataError: a training has no pictures.
        ModelError: a training would go through a model that computes no gradients, or one that learns has no weights.
    """
    made: dict[tuple[str, int | None], Artifact] = {}
    for name in used_trainings(spec):
        training = spec.trainings[name]
        for model in training.model_names:
            refuse_without_gradients(workshop.model(model).network, model, f"training {name!r}")
            if training.objective not in CORRECTOR_LEARNS:
                refuse_without_weights(workshop.model(model).network, model, f"training {name!r}")
        folds = folds_of(spec, name)
        for fold in range(folds) if folds is not None else [None]:
            made[name, fold] = _artifact(spec, workshop, name, fold, made)
    return tuple(made.values())


def training_pictures(spec: StudySpec, workshop: Workshop, training: str, fold: int | None) -> list[tuple[str, int]]:
    """The pictures that a training learns from: (data set, number); those of its fold are left out."""
    return _outside_fold(spec, workshop, spec.trainings[training].data_names, fold)


def stopping_pictures(spec: StudySpec, workshop: Workshop, training: str, fold: int | None) -> list[tuple[str, int]]:
    """The pictures that say when a training stops: (data set, number); those of its fold are left out."""
    data = spec.trainings[training].stop_on
    return _outside_fold(spec, workshop, [data] if data is not None else [], fold)


def _outside_fold(spec: StudySpec, workshop: Workshop, names: Sequence[str], fold: int | None) -> list[tuple[str, int]]:
    chosen = []
    for data in names:
        folds, pictures = spec.data[data].folds, workshop.pictures(data)
        for number in workshop.chosen(data):
            if folds is None or fold is None or fold_of(scene_name(pictures, number), folds) != fold:
                chosen.append((data, number))
    return chosen


def _artifact(
    spec: StudySpec,
    workshop: Workshop,
    name: str,
    fold: int | None,
    made: Mapping[tuple[str, int | None], Artifact],
) -> Artifact:
    training = spec.trainings[name]
    chosen = training_pictures(spec, workshop, name, fold)
    if not chosen:
        raise DataError(f"training {name!r} has no pictures" + ("" if fold is None else f" outside of fold {fold}"))
    stopping = stopping_pictures(spec, workshop, name, fold)
    _refuse_learned(name, workshop, chosen, stopping)
    needs: list[str] = []

    def corrector_facts(corrector: str | None) -> Any:
        if corrector is None or corrector not in spec.trainings:
            return None if corrector is None else dict(workshop.corrector(corrector).describe())
        needed = of_fold(made, corrector, fold)
        needs.append(needed.name)
        return {"artifact": needed.name}

    models = [workshop.model(model) for model in training.model_names]
    recipe = recipe_of(training, spec.compression)
    refuse_lost_labels(name, recipe, [model.task.name for model in models], training.objective in READS_LABELS)
    facts: dict[str, Any] = {
        "version": TRAINING_VERSION,
        "objective": training.objective,
        "recipe": dict(recipe.describe()),
        "pictures": _pictures_digest(workshop, chosen, labels=training.objective in READS_LABELS),
        "start": corrector_facts(training.start) if training.objective in CORRECTOR_LEARNS else None,
        "corrector": corrector_facts(training.corrector),
        "size": training.untrained_size,
    }
    if stopping:
        facts["stop_on"] = _pictures_digest(workshop, stopping, labels=training.objective in READS_LABELS)
    of_models = [_model_facts(model) for model in models]
    if len(models) == 1:
        facts |= of_models[0]
    elif models:
        facts |= {"models": of_models, "balance": training.balance or USUAL_BALANCE}
    return Artifact(name, fold, fingerprint(facts), tuple(needs), training.steps, len(chosen))


def _refuse_learned(
    name: str, workshop: Workshop, chosen: Sequence[tuple[str, int]], stopping: Sequence[tuple[str, int]]
) -> None:
    """Raises DataError where a picture that is to say when to stop is learned from."""
    told = {scene_identity(workshop.pictures(data), number): (data, number) for data, number in stopping}
    for data, number in chosen if told else ():
        same = told.get(scene_identity(workshop.pictures(data), number))
        if same is not None:
            shown = workshop.pictures(same[0]).name(same[1])
            raise DataError(
                f"training {name!r} learns from {shown}, which is to say when it stops (stop_on: {same[0]}); hold it "
                "back: give two names of the data set a split each, or stop on other pictures"
            )


def _model_facts(model: Model) -> dict[str, Any]:
    return {
        "model": dict(model.identity),
        "preparation": dict(model.preparation.describe()),
        "task": [model.task.name, model.task.version],
    }


def _pictures_digest(workshop: Workshop, chosen: Sequence[tuple[str, int]], labels: bool) -> str:
    digest = blake2b(digest_size=16)
    for data, number in chosen:
        pictures = workshop.pictures(data)
        target = plain_target(pictures.target(number)) if labels else None
        digest.update(f"{pictures.identity(number)} {target!r}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
