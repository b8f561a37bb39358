"""The verb ``reproduce``: the paper's tables, plots and row kinds on the embedded world, by one command."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from jpegproof.studies.engine import find_hands
from jpegproof.studies.qualities import parse_qualities
from jpegproof.studies.result_store import folder_to_write
from jpegproof.studies.run import Progress, run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.study_file import with_absolute_paths
from jpegproof.studies.yaml_loader import PlainLoader
from jpegproof.verbs.mended_report import mended_report
from jpegproof.verbs.report import Report
from jpegproof.verbs.throughput import Throughput, throughput

#: The qualities of the paper's tables.
ALL_QUALITIES = "10:90:10"

#: Of the throughput: enough for its bars, and a small part of the whole's time.
BATCHES, REPEATS, SECONDS = (1,), 5, 1.0


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What was made.

    Attributes:
        report: the tables, plots and page of the study.
        throughput: the speeds, as bars and as a frontier.
        seconds: by part (``study``, ``throughput``, ``report``) what this call took.
    """

    report: Report
    throughput: Throughput
    seconds: dict[str, float]


def reproduce(
    out: str | Path = "out/paper-world",
    *,
    full: bool = False,
    device: str = "auto",
    workers: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    measuring: Progress | None = None,
    executor: str = "auto",
    address: str | None = None,
) -> Reproduction:
    """Makes the paper's tables and plots on the embedded world: one small network per task, nothing downloaded.

    Classification, detection, instance and semantic segmentation and two detectors of fakes; rows none, off-the-shelf,
    supervised fine-tuning, task-targeted, transfer and multihead; throughput in use and in training. Everything is
    trained by this call, briefly: the numbers show how things behave, not how far a cure can be brought.

    Args:
        out: the results folder; what is finished there is not done again.
        full: all qualities from 10 to 90 instead of five; the trainings are the same, so that only what is missing is
            added to a folder that has the five.
        device, workers, threads, progress: as in `study`.
        measuring: hears how the measurement of the throughput goes.
        executor, address: as in `study`; the throughput is measured on this machine.

    Raises:
        JpegproofError: the folder or the device cannot be used.
    """
    folder = folder_to_write(out, "reproduce")
    spec = with_absolute_paths(StudySpec.model_validate(world_study(full)), Path.cwd())
    seconds: dict[str, float] = {}
    begun = time.monotonic()
    hands = find_hands(device, workers, threads, executor, address)
    run_study(spec, folder, hands, progress=progress)
    seconds["study"] = time.monotonic() - begun
    begun = time.monotonic()
    speeds = throughput(
        folder, batches=BATCHES, repeats=REPEATS, seconds=SECONDS, device=device, threads=1, progress=measuring
    )
    seconds["throughput"] = time.monotonic() - begun
    begun = time.monotonic()
    made = mended_report(spec, folder, hands, progress=progress)  # which puts the speeds beside the results
    seconds["report"] = time.monotonic() - begun
    return Reproduction(made, speeds, seconds)


def world_study(full: bool) -> dict[str, Any]:
    """The study as a study file says it; with all qualities where it is to be full."""
    text = files("jpegproof.paper").joinpath("world.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=PlainLoader)  # a SafeLoader
    if full:
        content["compression"]["qualities"] = parse_qualities(ALL_QUALITIES)
    return content
