"""The verb ``throughput``: how many pictures a second, in use and in training, for every model and every cure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jpegproof.analysis.frontier import FACTS_FILE, METRIC_QUALITY, OFFERS_FILE, Offer, find_offers
from jpegproof.analysis.read_rows import read_rows
from jpegproof.analysis.rows import Result, write_rows
from jpegproof.analysis.speed import SPEEDS_FILE, Speed, read_speeds
from jpegproof.exceptions import JpegproofError, MeasurementError, StoreError, UnknownNameError
from jpegproof.jpeg.compression import Compression
from jpegproof.models.model import Model
from jpegproof.probes.throughput.edges import Failure, measure_edges, trials_of
from jpegproof.probes.throughput.machine import machine_facts, processor_load
from jpegproof.probes.throughput.pace import Pace
from jpegproof.probes.throughput.sample import Sample, take_sample
from jpegproof.reports.write_throughput import write_throughput
from jpegproof.silence import Silence
from jpegproof.studies.engine import Hands, find_hands
from jpegproof.studies.environment import environment
from jpegproof.studies.plan import study_compressions, study_edges
from jpegproof.studies.qualities import parse_qualities
from jpegproof.studies.run import Progress
from jpegproof.studies.store import write_whole
from jpegproof.studies.workshop import Workshop
from jpegproof.verbs.throughput_subject import Subject, find_subject

#: At most so many of a study's qualities are used, evenly spread, unless the user names some: speed hardly depends on
#: them where nothing stands behind a gate, and every one of them makes each repeat longer.
MOST_QUALITIES = 4

#: Of a data set are held in memory; larger batches have them several times.
MOST_PICTURES = 16

#: Above so many cores kept busy by others, the user is told before anything is measured.
MOST_LOAD = 0.5


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast the edges of a study are.

    Attributes:
        folder: where everything was written.
        speeds: what was measured now, as in ``throughput.csv``.
        failures: what could not be measured, and why.
        offers: speed beside the metric of the same edges, as in ``throughput_frontier.csv``; empty where the folder
            holds no results of these models.
        figures: as PNG; beside each lie an SVG and a PDF.
    """

    folder: Path
    speeds: list[Speed]
    failures: list[Failure]
    offers: list[Offer]
    figures: list[Path]


def throughput(
    what: str | Path | Model,
    data: str | Path | None = None,
    *,
    out: str | Path | None = None,
    batches: Sequence[int] = (1, 8),
    qualities: str | int | Sequence[int] | None = None,
    metric_quality: int | None = None,
    repeats: int = 10,
    seconds: float = 10.0,
    root: str | Path | None = None,
    weights: str | Path | Mapping[str, str | Path] | None = None,
    task: str | None = None,
    layout: str = "auto",
    preparation: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    allow_code: bool = False,
    progress: Progress | None = None,
) -> Throughput:
    """Measures images per second in use and in training, stage by stage, and peak memory, of every edge.

    In use is all from a JPEG's bytes to the model's answer: decoding, correction, the model's preparation, the
    network. In training it is one step of the optimiser on what the edge trains. Each number is measured in a process
    of its own, warmed up, and repeated. What is not trained yet is stood in for by a network of its size.

    Args:
        what: a study file; a results folder of `measure` or `study`; or a model, as `measure` takes it, which is then
            measured without a cure, with the default corrector, and in the trainings that the paper compares.
        data: for a model: a folder of pictures. Without one the embedded world is used, as it is for models that were
            made for it, and enlarged to 500 x 375 for all others. For a study file: where relative paths of its data
            sets begin.
        out: the folder for the results; a results folder itself, ``out/NAME`` of a study file, or
            ``out/throughput-MODEL`` unless given. Rows that another device or number of threads has left there stay.
        batches: how many pictures at once, each in turn.
        qualities: at which the pictures are stored, equally many at each; at most four of the study's unless given.
        metric_quality: at which quality the metric stands beside the speed; the lowest measured unless given.
        repeats: at most so many of each measurement, but 3 at least.
        seconds: once so many are spent on one measurement, no further repeat of it begins.
        root: where relative paths of a study file begin, instead of what it says.
        weights: of a model, as in `measure`; for a study file by name, as in `study`.
        task, layout, preparation: of a model or its folder, as in `measure`.
        device, threads: as in `measure`.
        allow_code: whether models of a study may come from entry points, which run their code.
        progress: hears how it goes.

    Raises:
        MeasurementError: nothing could be measured.
        JpegproofError: what was given is at fault; the message says how to mend it.
    """
    batches = _checked(batches, repeats, seconds)
    subject = find_subject(
        what, data, out, root, allow_code, weights=weights, task=task, layout=layout, preparation=preparation
    )
    spec = subject.spec
    hands, compressions = find_hands(device, 1, threads), _compressions(subject, qualities)
    results = read_rows(subject.folder / "results.csv", Result, "make it anew with jpegproof report")
    if metric_quality is not None and metric_quality not in {row.quality for row in results}:
        raise UnknownNameError(f"quality {metric_quality} was not measured in {subject.folder}; run the study first")
    edges = study_edges(spec)
    samples = _samples(subject, min(max(math.lcm(batch, len(compressions)) for batch in batches), MOST_PICTURES))
    heard, pace = progress or Silence(), Pace(repeats, seconds)
    _make(subject.folder)
    load = processor_load()
    if hands.device == "cpu" and load is not None and load > MOST_LOAD:
        heard.warn(f"something else keeps {load:.1f} of this machine's cores busy: speeds will be low and uneven")
    heard.begin(len(list(trials_of(spec, edges, batches))), 0)
    speeds, failures = measure_edges(
        spec,
        edges,
        samples,
        batches,
        compressions,
        hands,
        pace,
        trained=subject.trained,
        models=subject.models,
        allow_code=subject.allow_code,
        on_trial=heard.advance,
    )
    if not speeds:
        raise MeasurementError(f"nothing could be measured: {failures[0].reason}")
    rows = [row for row in read_speeds(subject.folder / SPEEDS_FILE) if row.machine != (hands.device, hands.threads)]
    rows += speeds
    offers = find_offers(rows, results, metric_quality)
    write_rows(subject.folder / SPEEDS_FILE, Speed, rows)
    if offers:
        write_rows(subject.folder / OFFERS_FILE, Offer, offers)
    _tell(subject.folder, hands, pace, failures, load, metric_quality)
    return Throughput(subject.folder, speeds, failures, offers, write_throughput(rows, offers, subject.folder))


def _checked(batches: Sequence[int], repeats: int, seconds: float) -> list[int]:
    """The batches, each once.

    Raises:
        JpegproofError: a number makes no sense.
    """
    if not batches or min(batches) < 1:
        raise JpegproofError(f"batches: {', '.join(map(str, batches)) or 'none'}; use numbers from 1, such as 1,8")
    if repeats < 1:
        raise JpegproofError(f"repeats: {repeats} measure nothing; use 1 or more")
    if not 0 < seconds < math.inf:
        raise JpegproofError(f"seconds: {seconds} is no time to measure in; use a number above 0")
    return list(dict.fromkeys(batches))


def _compressions(subject: Subject, qualities: str | int | Sequence[int] | None) -> list[Compression]:
    """How the pictures are stored: as the study says, at qualities evenly spread over its own or at those given."""
    chosen = subject.spec.compression
    if qualities is not None:
        try:
            chosen = chosen.model_copy(update={"qualities": parse_qualities(qualities), "tables": None})
        except ValueError as error:
            raise JpegproofError(f"qualities: {error}") from error
    singles = [item for item in study_compressions(chosen) if not item.chain]
    if qualities is None and len(singles) > MOST_QUALITIES:
        last = len(singles) - 1
        singles = [singles[round(place * last / (MOST_QUALITIES - 1))] for place in range(MOST_QUALITIES)]
    return singles


def _samples(subject: Subject, count: int) -> dict[str, Sample]:
    """Pictures of every data set that a model is measured on."""
    workshop = Workshop(subject.spec)
    samples = {}
    for name in {subject.spec.data_of(model): None for model in subject.spec.measured}:
        sample = take_sample(workshop, name, count)
        samples[name] = sample if subject.enlarged is None else sample.enlarged(*subject.enlarged)
    return samples


def _make(folder: Path) -> None:
    """Makes the folder before anything is measured for it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder}: cannot be used as a results folder: {error.strerror}") from error


def _tell(
    folder: Path, hands: Hands, pace: Pace, failures: Sequence[Failure], load: float | None, quality: int | None
) -> None:
    """Writes what the numbers were made with, beside what is told there of other machines."""
    file = folder / FACTS_FILE
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    facts = {
        **machine_facts(hands.device),
        **environment(hands.device, 1, hands.threads),
        "repeats": pace.most,
        "seconds": pace.seconds,
        "load before": load,
        METRIC_QUALITY: quality,
        "failures": [asdict(failure) for failure in failures],
    }
    told = told if isinstance(told, dict) else {}
    machine = f"{hands.device}, threads: {hands.threads}"
    told.pop(machine, None)  # the latest is the last
    write_whole(file, json.dumps({**told, machine: facts}, indent=2) + "\n")
