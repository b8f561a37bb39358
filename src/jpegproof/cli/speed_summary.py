"""What ``throughput`` says at the end: speeds on standard output, what has none on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from jpegproof.analysis.speed import STAGES, WHOLE, Speed
from jpegproof.safe_text import printable
from jpegproof.verbs.throughput import Throughput

_HEADS = ("images/s", *(f"{stage} ms" for stage in STAGES), "MB", "training images/s", "MB")


def print_speeds(done: Throughput) -> None:
    """One table per model and batch, what could not be measured, the frontier, and where all of it is."""
    for model, batch in dict.fromkeys((speed.model, speed.batch) for speed in done.speeds):
        own = [speed for speed in done.speeds if (speed.model, speed.batch) == (model, batch)]
        threads = f"{own[0].threads} {'thread' if own[0].threads == 1 else 'threads'}"
        _print_table(f"{printable(model)} on {own[0].device}, {threads}, batch {batch}", own)
    for failure in done.failures:
        where = f"{printable(failure.model)}, {failure.mitigation}: {failure.phase} at batch {failure.batch}"
        print(f"jpegproof: note: {where} was not measured: {printable(failure.reason)}", file=sys.stderr)
    for offer in done.offers:
        if offer.optimal and offer.value is not None:
            edge = _label((offer.mitigation, offer.corrector))
            print(
                f"on the frontier of {printable(offer.model)} at batch {offer.batch}: {edge}, {offer.metric} "
                f"{offer.value:.1f} at quality {offer.quality}, {_shown(offer.images_per_second)} images/s"
            )
    print(f"all numbers: {done.folder / 'throughput.csv'}")
    print(f"figures: {', '.join(figure.name for figure in done.figures)} in {done.folder / 'figures'}")


def _print_table(title: str, speeds: Sequence[Speed]) -> None:
    edges = list(dict.fromkeys((speed.mitigation, speed.corrector) for speed in speeds))
    margin = max([28, *(len(_label(edge)) for edge in edges)])
    widths = [max(len(head) + 2, 9) for head in _HEADS]
    print(title)
    print(f"  {'':{margin}}" + "".join(f"{head:>{width}}" for head, width in zip(_HEADS, widths, strict=True)))
    for edge in edges:
        found = {(s.phase, s.stage): s for s in speeds if (s.mitigation, s.corrector) == edge}
        use, training = found.get(("inference", WHOLE)), found.get(("training", WHOLE))
        parts = [found.get(("inference", stage)) for stage in STAGES]
        cells = [
            "" if use is None else _shown(use.images_per_second),
            *("" if part is None else _shown(1000 * part.seconds) for part in parts),
            _megabytes(use),
            "" if training is None else _shown(training.images_per_second),
            _megabytes(training),
        ]
        line = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        print(f"  {_label(edge):{margin}}{line}")


def _label(edge: tuple[str, str]) -> str:
    mitigation, corrector = edge
    return mitigation if corrector == "identity" else f"{mitigation} ({printable(corrector)})"


def _shown(number: float) -> str:
    """Three digits that count."""
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _megabytes(speed: Speed | None) -> str:
    return "" if speed is None or speed.peak_memory_bytes is None else f"{speed.peak_memory_bytes / 1e6:.0f}"
