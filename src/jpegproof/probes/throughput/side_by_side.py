"""How much longer a picture takes with a cure than without: timed in turn, so that whatever else runs cancels out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from jpegproof.analysis.speed import WHOLE
from jpegproof.exceptions import MeasurementError
from jpegproof.jpeg.codec import encode
from jpegproof.jpeg.compression import Compression
from jpegproof.probes.throughput.machine import processor_load
from jpegproof.probes.throughput.pace import Pace
from jpegproof.probes.throughput.sample import Sample
from jpegproof.probes.throughput.way_of_use import WayOfUse
from jpegproof.studies.engine import limited_threads
from jpegproof.studies.plan import Edge
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.workshop import IDENTITY, Workshop

#: Busy cores beyond its own threads from which on a measurement is not to be relied upon.
_OTHERS = 1.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What a cure costs in use, one picture at a time, from a JPEG's bytes to the model's answer.

    Attributes:
        alone: seconds per picture without the cure, the median.
        cured: the same with it.
        percent: how much longer it takes with it, in percent: the median of the repeats, each a ratio of two passes
            that followed each other.
        low: lower quartile of these.
        high: upper quartile.
        repeats: how often both were timed.
        pictures: of a pass.
        picture_size: width x height in pixels of the median picture.
        device: where.
        threads: of the processor.
        load: how many cores were kept busy over the minute before, by this process and by others; None where the system
            does not tell.
    """

    alone: float
    cured: float
    percent: float
    low: float
    high: float
    repeats: int
    pictures: int
    picture_size: str
    device: str
    threads: int
    load: float | None = None

    @property
    def disturbed(self) -> bool:
        """Whether so much else was running that the milliseconds, and even their ratio, say little."""
        return self.load is not None and self.load > self.threads + _OTHERS


def cost_of(
    spec: StudySpec,
    edge: Edge,
    workshop: Workshop,
    sample: Sample,
    compressions: Sequence[Compression],
    threads: int,
    pace: Pace,
) -> Cost:
    """Times a model with and without a cure, pass by pass in turn.

    Args:
        spec: the study.
        edge: the cure.
        workshop: has its models and what was trained.
        sample: pictures.
        compressions: how they are stored, in turn.
        threads: of the processor.
        pace: when it is enough.

    Raises:
        MeasurementError: it failed while it ran.
        JpegproofError: a model or a corrector cannot be had.
    """
    model = workshop.model(edge.model)
    framed = spec.compression.stage == "input"
    count = math.lcm(len(compressions), min(len(sample), 2 * len(compressions)))
    files = []
    for number in range(count):
        pixels = sample.pictures[number % len(sample)]
        shown = model.preparation.frame(pixels)[0] if framed else pixels
        files.append(encode(shown, compressions[number % len(compressions)]))
    corrector = None
    if edge.corrector in spec.trainings:
        corrector = workshop.trained_corrector(edge.corrector, None)
    elif edge.corrector != IDENTITY:
        corrector = workshop.corrector(edge.corrector)
    end = workshop.trained_model(edge.tuned, None) if edge.tuned else model
    ways = [WayOfUse(model, None, False, framed, workshop.device, apart=False)]
    ways.append(WayOfUse(end, corrector, edge.gated, framed, workshop.device, apart=False))
    passes: list[tuple[float, float]] = []
    load = processor_load()
    with limited_threads(threads):
        try:
            for way in ways:  # the first pass allocates memory and chooses kernels
                way.seconds(files[: len(compressions)], 1)
            while not pace.is_enough(len(passes), sum(map(sum, passes))):
                alone, cured = (way.seconds(files, 1)[WHOLE] for way in ways)
                passes.append((alone, cured))
        except Exception as error:  # other people's networks fail in whatever way they like
            reason = (str(error).splitlines() or [""])[0]
            raise MeasurementError(f"its speed could not be measured: {type(error).__name__}: {reason}") from error
    more = [100 * (cured / alone - 1) for alone, cured in passes]
    first, _, last = quantiles(more, n=4, method="inclusive")
    return Cost(
        alone=median(alone for alone, _ in passes) / count,
        cured=median(cured for _, cured in passes) / count,
        percent=median(more),
        low=first,
        high=last,
        repeats=len(passes),
        pictures=count,
        picture_size=sample.picture_size,
        device=str(workshop.device),
        threads=threads,
        load=load,
    )
