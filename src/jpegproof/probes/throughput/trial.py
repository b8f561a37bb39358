"""One measurement: one edge, in use or in training, with so many pictures at a time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jpegproof.analysis.speed import Phase
from jpegproof.exceptions import MeasurementError
from jpegproof.jpeg.codec import Pixels, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.model import Model
from jpegproof.probes.throughput.pace import Pace, repeat
from jpegproof.probes.throughput.peak_memory import PeakMemory
from jpegproof.probes.throughput.sample import Sample
from jpegproof.probes.throughput.training_steps import training_seconds
from jpegproof.probes.throughput.way_of_use import WayOfUse
from jpegproof.studies.artifacts import Artifact, recipe_of
from jpegproof.studies.engine import limited_threads
from jpegproof.studies.folds import folds_of
from jpegproof.studies.plan import Edge
from jpegproof.studies.spec import READS_LABELS, StudySpec
from jpegproof.studies.train_artifact import objective_of
from jpegproof.studies.workshop import IDENTITY, Workshop
from jpegproof.tasks.find import same_targets
from jpegproof.training.examples import Examples

#: Tasks of which any picture may be said to belong to class 0, where only time matters and there are no labels.
_ONE_CLASS_A_PICTURE = ("classification", "forensics")


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What is measured, as plain data that can be sent to another process.

    Attributes:
        spec: the study.
        trained: where each trained thing is, by (training, fold); one of its size stands in where there is no file.
        edge: which edge of the study.
        phase: in use, or one step of its training.
        batch: pictures at once.
        sample: the pictures.
        compressions: how these are stored, in turn.
        device: where networks run.
        threads: of the processor.
        allow_code: whether models may come from entry points.
        pace: how often it is repeated.
    """

    spec: StudySpec
    trained: Mapping[tuple[str, int | None], Path]
    edge: Edge
    phase: Phase
    batch: int
    sample: Sample
    compressions: tuple[Compression, ...]
    device: str
    threads: int
    allow_code: bool
    pace: Pace

    @property
    def pictures(self) -> int:
        """How many pictures one repeat takes: whole batches, and equally many of each compression."""
        return math.lcm(self.batch, len(self.compressions))


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found.

    Attributes:
        task: of the edge's model.
        seconds: per picture, one number per repeat, by stage; ``whole`` among them.
        peak_memory_bytes: as in `Speed`.
    """

    task: str
    seconds: dict[str, list[float]]
    peak_memory_bytes: int | None


def training_of(spec: StudySpec, edge: Edge) -> str | None:
    """The training that makes an edge what it is; None where nothing is trained by an optimiser.

    Of a row ``both`` it is that of the model, which learns last. A gated row is a view of its corrector's, and
    statistics are only counted.
    """
    name = edge.tuned or (edge.corrector if edge.corrector in spec.trainings and not edge.gated else "")
    return name if name and spec.trainings[name].objective != "statistics_only" else None


def measure(trial: Trial, models: Mapping[str, Model] | None = None) -> Measured:
    """Measures in this process.

    Args:
        trial: what.
        models: those that the caller built, by name; where they cannot be sent to another process.

    Raises:
        MeasurementError: it failed while it ran.
        JpegproofError: a model or a corrector cannot be had.
    """
    workshop = Workshop(trial.spec, trial.device, models, trial.allow_code)
    workshop.use(trial.trained)
    workshop.stand_in = True
    with limited_threads(trial.threads):
        work = _training if trial.phase == "training" else _inference
        passes, memory = work(trial, workshop)
    seconds = {stage: [one[stage] / trial.pictures for one in passes if stage in one] for stage in _stages(passes)}
    return Measured(workshop.model(trial.edge.model).task.name, seconds, memory)


def _stages(passes: Sequence[Mapping[str, float]]) -> list[str]:
    return list(dict.fromkeys(stage for one in passes for stage in one))


def _inference(trial: Trial, workshop: Workshop) -> tuple[list[dict[str, float]], int | None]:
    edge, spec = trial.edge, trial.spec
    model = _at_the_end(trial, workshop)
    corrector = None
    if edge.corrector in spec.trainings:
        corrector = workshop.trained_corrector(edge.corrector, _fold(spec, edge.corrector))
    elif edge.corrector != IDENTITY:
        corrector = workshop.corrector(edge.corrector)
    framed = spec.compression.stage == "input"
    files = _files(trial, model if framed else None)
    way = WayOfUse(model, corrector, edge.gated, framed, workshop.device)
    memory = PeakMemory(workshop.device)
    try:
        passes = repeat(lambda: way.seconds(files, trial.batch), trial.pace)
        if workshop.device.type != "cpu":
            # Waiting for the GPU after every stage costs time that users do not lose.
            through = WayOfUse(model, corrector, edge.gated, framed, workshop.device, apart=False)
            whole = repeat(lambda: through.seconds(files, trial.batch), trial.pace)
            passes = [{**parts, **own} for parts, own in zip(passes, whole, strict=False)]
    except Exception as error:  # other people's networks fail in whatever way they like
        raise _failure(error) from error
    return passes, memory.size_in_bytes()


def _at_the_end(trial: Trial, workshop: Workshop) -> Model:
    edge = trial.edge
    if edge.tuned:
        return workshop.trained_model(edge.tuned, _fold(trial.spec, edge.tuned))
    return workshop.model(edge.model)


def _files(trial: Trial, framing: Model | None) -> list[bytes]:
    """The JPEGs of one repeat: the pictures in turn, stored in all ways in turn."""

    def picture(number: int) -> Pixels:
        pixels = trial.sample.pictures[number % len(trial.sample)]
        return pixels if framing is None else framing.preparation.frame(pixels)[0]

    compressions = trial.compressions
    return [encode(picture(number), compressions[number % len(compressions)]) for number in range(trial.pictures)]


def _training(trial: Trial, workshop: Workshop) -> tuple[list[dict[str, float]], int | None]:
    name = training_of(trial.spec, trial.edge)
    assert name is not None
    spec = trial.spec.trainings[name]
    recipe = replace(recipe_of(spec, trial.spec.compression), batch=trial.batch)
    sample, labelled = trial.sample, spec.objective in READS_LABELS
    models = [workshop.model(model) for model in spec.model_names]
    for model in models if labelled else ():
        sample = _with_labels(sample, model.task.name)
    preparations = [model.preparation for model in models]
    examples = Examples([(sample, range(len(sample)))], recipe, preparations, labelled=labelled)
    artifact = Artifact(name, _fold(trial.spec, name), "", (), 0, 0)
    objective = objective_of(workshop, artifact, recipe, examples)
    memory = PeakMemory(workshop.device)
    try:
        passes = training_seconds(objective, examples, recipe, trial.pictures // trial.batch, trial.pace)
    except Exception as error:
        raise _failure(error) from error
    return passes, memory.size_in_bytes()


def _with_labels(sample: Sample, task: str) -> Sample:
    """The sample with labels of a task: its own, or where it has none class 0, which takes as long to learn.

    Raises:
        MeasurementError: it has none, and they would have to say where things are.
    """
    if same_targets(sample.task, task):
        return sample
    if task in _ONE_CLASS_A_PICTURE:
        return sample.labelled(0, task)
    raise MeasurementError(f"learns from labels of {task}, and data set {sample.data!r} holds none; give one that does")


def _fold(spec: StudySpec, training: str) -> int | None:
    """Any fold of a cross-fitted training: they are of one size."""
    return None if folds_of(spec, training) is None else 0


def _failure(error: Exception) -> MeasurementError:
    if isinstance(error, MeasurementError):
        return error
    reason = (str(error).splitlines() or [""])[0]
    return MeasurementError(f"{type(error).__name__}: {reason}" if reason else type(error).__name__)
