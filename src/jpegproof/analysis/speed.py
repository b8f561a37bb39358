"""How fast a model is behind each cure: the rows of ``throughput.csv``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jpegproof.analysis.read_rows import read_rows

Phase = Literal["inference", "training"]

#: In a results folder.
SPEEDS_FILE = "throughput.csv"

#: The stage that is all of a phase; the others are parts of it.
WHOLE = "whole"

#: What using a model takes, in the order in which a picture meets it.
STAGES = ("decode", "correct", "prepare", "model")


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast one edge is, or one stage of it. One row of ``throughput.csv``.

    Attributes:
        task: of the model.
        dataset: whose pictures were used: the data set's name in the study.
        model: the model's name in the study.
        mitigation: the row's name, as in ``results.csv``.
        corrector: the corrector's name, as in ``results.csv``.
        device: ``cpu``, ``cuda``, ...
        threads: of the processor that were used.
        batch: pictures at once.
        phase: ``inference``, from a JPEG's bytes to the model's answer; or ``training``, one step of the optimiser.
        stage: ``whole``; of inference also ``decode``, ``correct``, ``prepare`` and ``model``, its parts.
        images_per_second: the median over the repeats.
        low: lower quartile over the repeats.
        high: upper quartile.
        seconds: per picture, the median.
        peak_memory_bytes: the most memory that was held at once: of a GPU by torch, otherwise of the process, with all
            that Python and torch take themselves. None for parts, and where the system does not tell.
        repeats: how often it was timed, after warming up.
        picture_size: width x height in pixels of the stored pictures; of the median where they differ.
        qualities: at which libjpeg qualities the pictures were stored, joined by ``+``, equally many at each.
    """

    task: str
    dataset: str
    model: str
    mitigation: str
    corrector: str
    device: str
    threads: int
    batch: int
    phase: str
    stage: str
    images_per_second: float
    low: float
    high: float
    seconds: float
    peak_memory_bytes: int | None
    repeats: int
    picture_size: str
    qualities: str

    @property
    def edge(self) -> tuple[str, str, str]:
        """Which edge it is of: model, mitigation, corrector."""
        return self.model, self.mitigation, self.corrector

    @property
    def machine(self) -> tuple[str, int]:
        """What it ran on: device, threads."""
        return self.device, self.threads


def read_speeds(path: Path) -> list[Speed]:
    """The rows of a ``throughput.csv``; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    return read_rows(path, Speed, "delete it and measure again")
