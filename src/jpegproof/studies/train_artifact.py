"""Doing one training of a study: from its artifact's description to the file that cells name."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from jpegproof.correctors.block_restorer import BlockRestorer
from jpegproof.correctors.default import corrector_bytes, untrained_corrector
from jpegproof.correctors.learning import Learning
from jpegproof.data.picture_set import PictureSet
from jpegproof.exceptions import JpegproofError, ModelError
from jpegproof.models.model import Model
from jpegproof.studies.artifacts import Artifact, recipe_of, stopping_pictures, training_pictures
from jpegproof.studies.integrity import digest_of
from jpegproof.studies.result_store import ResultStore
from jpegproof.studies.spec import READS_LABELS
from jpegproof.studies.workshop import Workshop
from jpegproof.tasks.find import same_targets
from jpegproof.tasks.protocol import numbered
from jpegproof.training.balance import loss_scales
from jpegproof.training.examples import Examples
from jpegproof.training.failed_state import failed_path
from jpegproof.training.fine_tune import FineTune
from jpegproof.training.held_back import HeldBack
from jpegproof.training.loop import train
from jpegproof.training.match_model import DistilModel, TargetCorrector
from jpegproof.training.match_several import TargetSeveral
from jpegproof.training.objective import Objective
from jpegproof.training.path_of_use import inputs_of_originals
from jpegproof.training.recipe import USUAL_BALANCE, Recipe
from jpegproof.training.record import Training, Watcher
from jpegproof.training.restore_pixels import RestorePixels
from jpegproof.training.sharing import WHOLE, Sharing
from jpegproof.training.statistics import reestimate_statistics
from jpegproof.training.training_log import TensorBoardLog, TrainingLog


def train_artifact(
    artifact: Artifact,
    workshop: Workshop,
    store: ResultStore,
    watcher: Watcher | None = None,
    log_folder: Path | None = None,
    sharing: Sharing = WHOLE,
) -> Training:
    """Trains what is not trained yet, and stores it. A run that was killed is gone on from.

    Args:
        artifact: what to train.
        workshop: has its pictures, models and correctors.
        store: takes it.
        watcher: hears of every step.
        log_folder: of TensorBoard's event files; None for none.
        sharing: how batches are shared out; of several processes, which all call this, the first one alone writes.

    Raises:
        MissingExtraError: a TensorBoard log is asked for, and TensorBoard is not installed.
        JpegproofError: the data, a model or a corrector is at fault, or the folder cannot be written.
    """
    spec = workshop.spec.trainings[artifact.training]
    recipe = recipe_of(spec, workshop.spec.compression)
    examples = examples_of(workshop, artifact)
    try:
        if spec.objective in READS_LABELS:
            _check_classes(workshop, artifact, examples)
        if spec.objective == "statistics_only":
            model = learning_copy(workshop, artifact)
            # Averages over batches in their order: nothing is gained by sharing them out.
            leads = sharing.ranks.leads
            done = reestimate_statistics(model, examples, recipe, recipe.stage, watcher) if leads else Training()
            content = _content(model.network)
        else:
            objective = objective_of(workshop, artifact, recipe, examples)
            with _logged(log_folder if sharing.ranks.leads else None) as log:
                checkpoint, held_back = store.checkpoint(artifact.name), held_back_of(workshop, artifact)
                done = train(
                    objective,
                    examples,
                    recipe,
                    checkpoint,
                    watcher,
                    held_back=held_back,
                    log=log,
                    sharing=sharing,
                    on_checkpoint=lambda: store.keep_checkpoint(artifact.name),
                )
            content = _content(objective.learner, spec.objective)
    except JpegproofError as error:
        error.add_note(f"(training {artifact.training!r} of the study)")
        raise
    if not sharing.ranks.leads:
        return done
    # The record first: whoever finds the artifact finds it too, whenever this process dies.
    record = {"training": artifact.training, "fold": artifact.fold, "pictures": artifact.pictures, **asdict(done)}
    record["digest"] = digest_of(content)
    store.put_record(artifact.name, json.dumps(record) + "\n")
    store.put_artifact(artifact.name, content)
    store.drop_checkpoint(artifact.name)
    failed_path(store.checkpoint(artifact.name)).unlink(missing_ok=True)
    return done


def _check_classes(workshop: Workshop, artifact: Artifact, examples: Examples) -> None:
    """Raises ModelError where the labels of the training cannot be the model's classes, or not those measured on."""
    spec = workshop.spec
    training = spec.trainings[artifact.training]
    model = _model(workshop, artifact)
    with torch.no_grad():
        stage = recipe_of(training, spec.compression).stage
        answer = model.task.answer(model.network, inputs_of_originals(model, examples.batch(0), stage))
    for name in training.data_names:
        kind = workshop.pictures(name).task
        if not same_targets(kind, model.task.name):
            holds = f"labels of {kind}" if kind else "no labels"
            raise ModelError(
                f"data set {name!r} holds {holds}, and {training.objective} of a model of {model.task.name} needs that "
                "task's; without labels use self_distilled or task_targeted"
            )
    names = {name: workshop.pictures(name).class_names for name in training.data_names}
    for known in names.values():
        model.task.check(answer, known)
    learner = training.learning_model
    measured = spec.data_of(learner)
    told = workshop.pictures(measured).class_names if spec.models[learner].measured else None
    for name, known in names.items():
        if known is not None and told is not None and numbered(known) != numbered(told):
            raise ModelError(f"data sets {name!r} and {measured!r} do not number the same classes in the same order")


def examples_of(workshop: Workshop, artifact: Artifact) -> Examples:
    """What an artifact learns from."""
    study = workshop.spec
    spec = study.trainings[artifact.training]
    recipe = recipe_of(spec, study.compression)
    sets = _sets(workshop, training_pictures(study, workshop, artifact.training, artifact.fold))
    preparations = [workshop.model(model).preparation for model in spec.model_names]
    return Examples(sets, recipe, preparations, labelled=spec.objective in READS_LABELS)


def held_back_of(workshop: Workshop, artifact: Artifact) -> HeldBack | None:
    """What says when an artifact's training stops; None where nothing does."""
    study = workshop.spec
    spec = study.trainings[artifact.training]
    sets = _sets(workshop, stopping_pictures(study, workshop, artifact.training, artifact.fold))
    if not sets:
        return None
    preparations = [workshop.model(model).preparation for model in spec.model_names]
    recipe = recipe_of(spec, study.compression)
    return HeldBack(sets, recipe, preparations, labelled=spec.objective in READS_LABELS)


def _sets(workshop: Workshop, pictures: Sequence[tuple[str, int]]) -> list[tuple[PictureSet, Sequence[int]]]:
    chosen: dict[str, list[int]] = {}
    for data, number in pictures:
        chosen.setdefault(data, []).append(number)
    return [(workshop.pictures(data), chosen[data]) for data in chosen]


def objective_of(workshop: Workshop, artifact: Artifact, recipe: Recipe, examples: Examples) -> Objective:
    """The objective of an artifact, its networks at their start.

    Args:
        workshop: has its models and correctors.
        artifact: the training.
        recipe: its numbers.
        examples: what it learns from; the losses of several models are balanced on some of it.

    Raises:
        ModelError: the training does not say which model.
    """
    spec = workshop.spec.trainings[artifact.training]
    if spec.objective == "restore_pixels":
        return RestorePixels(_starting_corrector(workshop, artifact))
    if len(spec.model_names) > 1:
        models = [workshop.model(name) for name in spec.model_names]
        corrector = _starting_corrector(workshop, artifact)
        scales = loss_scales(spec.balance or USUAL_BALANCE, models, corrector, examples, recipe.stage)
        return TargetSeveral(corrector, models, scales, recipe.stage)
    if spec.objective == "task_targeted":
        return TargetCorrector(_starting_corrector(workshop, artifact), _model(workshop, artifact), recipe.stage)
    learner = learning_copy(workshop, artifact)
    front = _corrector(workshop, spec.corrector, artifact.fold) if spec.corrector is not None else None
    if spec.objective == "self_distilled":
        return DistilModel(learner, _model(workshop, artifact), front, recipe.stage)
    return FineTune(learner, spec.objective == "control", front, recipe.stage)


def artifact_paths(artifacts: Sequence[Artifact], store: ResultStore) -> dict[tuple[str, int | None], Path]:
    """Where each artifact is or will be, by (training, fold)."""
    return {(artifact.training, artifact.fold): store.artifact(artifact.name) for artifact in artifacts}


@contextmanager
def _logged(folder: Path | None) -> Iterator[TrainingLog | None]:
    if folder is None:
        yield None
        return
    log = TensorBoardLog(folder)
    try:
        yield log
    finally:
        log.close()


def _model(workshop: Workshop, artifact: Artifact) -> Model:
    name = workshop.spec.trainings[artifact.training].learning_model
    if not name:
        raise ModelError(f"training {artifact.training!r} does not say which model it is for; add model: NAME")
    return workshop.model(name)


def learning_copy(workshop: Workshop, artifact: Artifact) -> Model:
    """The model of a training with a network of its own, to be changed.

    Raises:
        ModelError: the training does not say which model.
    """
    model = _model(workshop, artifact)
    return replace(model, network=copy.deepcopy(model.network))


def _starting_corrector(workshop: Workshop, artifact: Artifact) -> Learning:
    spec = workshop.spec.trainings[artifact.training]
    if spec.start is None:
        return untrained_corrector(spec.seed, workshop.device, **spec.untrained_size)
    return copy.deepcopy(_corrector(workshop, spec.start, artifact.fold))


def _corrector(workshop: Workshop, name: str, fold: int | None) -> Learning:
    if name in workshop.spec.trainings:
        return workshop.trained_corrector(name, fold)
    found: Any = workshop.corrector(name)
    if not isinstance(found, Learning):
        raise ModelError(
            f"corrector {name!r} cannot learn or stand before a learning model here; use one of from: jpegproof or qgac"
        )
    return found


def _content(learner: torch.nn.Module, objective: str = "") -> bytes:
    """A file of the learner's weights, the same bytes for the same weights."""
    if isinstance(learner, BlockRestorer):
        return corrector_bytes(learner.state_dict(), learner, objective)
    # Copies, since tied weights may not share memory in a file; a layer's extra state that is no tensor stays out.
    kept = {name: value for name, value in learner.state_dict().items() if isinstance(value, torch.Tensor)}
    return save({name: value.detach().cpu().contiguous().clone() for name, value in kept.items()})
