"""The speeds of edges: each in use and in training, at every batch, one process after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from jpegproof.analysis.speed import WHOLE, Phase, Speed
from jpegproof.exceptions import MeasurementError
from jpegproof.jpeg.compression import Compression
from jpegproof.models.model import Model
from jpegproof.probes.throughput.own_process import in_own_process
from jpegproof.probes.throughput.pace import Pace
from jpegproof.probes.throughput.sample import Sample
from jpegproof.probes.throughput.trial import Measured, Trial, measure, training_of
from jpegproof.studies.engine import Hands
from jpegproof.studies.folds import folds_of
from jpegproof.studies.plan import Edge
from jpegproof.studies.spec import StudySpec

#: Where a trained thing is not, so that one of its size stands in.
_NOWHERE = Path("not trained")


@dataclass(frozen=True, slots=True)
class Failure:
    """A measurement that has no number, and why."""

    model: str
    mitigation: str
    corrector: str
    batch: int
    phase: str
    reason: str


def measure_edges(
    spec: StudySpec,
    edges: Sequence[Edge],
    samples: Mapping[str, Sample],
    batches: Sequence[int],
    compressions: Sequence[Compression],
    hands: Hands,
    pace: Pace,
    *,
    trained: Mapping[tuple[str, int | None], Path] | None = None,
    models: Mapping[str, Model] | None = None,
    allow_code: bool = False,
    on_trial: Callable[[], None] = lambda: None,
) -> tuple[list[Speed], list[Failure]]:
    """Measures edges of a study, each number in a process of its own.

    What several rows share (the training of a corrector that stands before all models) is trained once and told in
    each of them.

    Args:
        spec: the study.
        edges: of it.
        samples: pictures by data set.
        batches: how many pictures at once, each in turn.
        compressions: how the pictures are stored, equally many each way.
        hands: device and threads.
        pace: how often each measurement is repeated.
        trained: where trained things are, by (training, fold); what is not there is stood in for.
        models: those that the caller built; then all is measured in this process.
        allow_code: whether models may come from entry points.
        on_trial: called after each measurement.

    Raises:
        JpegproofError: a model or a corrector cannot be had.
    """
    places = {place: _NOWHERE for name in spec.trainings for place in [(name, 0 if folds_of(spec, name) else None)]}
    places |= dict(trained or {})
    work = partial(measure, models=models) if models else partial(in_own_process, measure)
    known: dict[tuple[str, int], Measured | MeasurementError] = {}
    tasks: dict[str, str] = {}
    speeds, failures = list[Speed](), list[Failure]()
    for edge, phase, batch in trials_of(spec, edges, batches):
        sample = samples[spec.data_of(edge.model)]
        trial = Trial(
            spec,
            places,
            edge,
            phase,
            batch,
            sample,
            tuple(compressions),
            hands.device,
            hands.threads,
            allow_code,
            pace,
        )
        training = training_of(spec, edge) if phase == "training" else None
        found = known.get((training, batch)) if training else None
        if found is None:
            try:
                found = work(trial)
            except MeasurementError as error:
                found = error
        if training:
            known[training, batch] = found
        if isinstance(found, Measured):
            task = tasks.setdefault(edge.model, found.task) if training is None else tasks.get(edge.model, found.task)
            speeds += _speeds(trial, found, task)
        else:
            failures.append(Failure(edge.model, edge.mitigation, edge.corrector, batch, phase, str(found)))
        on_trial()
    return speeds, failures


def trials_of(spec: StudySpec, edges: Sequence[Edge], batches: Sequence[int]) -> Iterator[tuple[Edge, Phase, int]]:
    """What is measured of edges, in order: use at every batch, then training where an optimiser trains anything."""
    for edge in edges:
        for batch in batches:
            yield edge, "inference", batch
        for batch in batches if training_of(spec, edge) else ():
            yield edge, "training", batch


def _speeds(trial: Trial, found: Measured, task: str) -> Iterator[Speed]:
    whole = Speed(
        task=task,
        dataset=trial.sample.data,
        model=trial.edge.model,
        mitigation=trial.edge.mitigation,
        corrector=trial.edge.corrector,
        device=trial.device,
        threads=trial.threads,
        batch=trial.batch,
        phase=trial.phase,
        stage=WHOLE,
        images_per_second=0.0,
        low=0.0,
        high=0.0,
        seconds=0.0,
        peak_memory_bytes=found.peak_memory_bytes,
        repeats=0,
        picture_size=trial.sample.picture_size,
        qualities=_qualities(trial),
    )
    for stage, seconds in found.seconds.items():
        first, middle, last = _quartiles(seconds)
        yield replace(
            whole,
            stage=stage,
            images_per_second=1 / middle,
            low=1 / last,
            high=1 / first,
            seconds=middle,
            peak_memory_bytes=found.peak_memory_bytes if stage == WHOLE else None,
            repeats=len(seconds),
        )


def _quartiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    first, _, last = quantiles(seconds, n=4, method="inclusive")
    return first, median(seconds), last


def _qualities(trial: Trial) -> str:
    """Of what the files were stored at: the study's in use, and in training the range that is drawn from."""
    name = training_of(trial.spec, trial.edge)
    if trial.phase == "training" and name is not None:
        low, high = trial.spec.trainings[name].qualities
        return f"{low}:{high}"
    return "+".join("own tables" if item.quality is None else str(item.quality) for item in trial.compressions)
