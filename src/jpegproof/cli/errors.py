"""What goes wrong in a detector: TIDE's kinds of errors and what each costs, per cure and quality.

examples:
  jpegproof errors results/coco-sample
  jpegproof errors results/coco-sample --model nanodet
  jpegproof errors results/world-objects --kind masks --resamples 0
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, TypeVar

from jpegproof.safe_text import printable

if TYPE_CHECKING:
    from jpegproof.analysis.tide.rows import ErrorComparison, ErrorRow

_Row = TypeVar("_Row")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder of measure or study; it may be unfinished")
    verb.add_argument("--model", metavar="NAME", help="only this detector (default: all of the study)")
    verb.add_argument("--kind", choices=("boxes", "masks"), help="only these (default: all that a model answers with)")
    verb.add_argument(
        "--resamples",
        type=_count,
        default=200,
        metavar="N",
        help="of the 95 %% intervals (default: 200); 0 for none, which is faster",
    )


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.verbs.errors import errors

    done = errors(arguments.folder, arguments.model, arguments.kind, arguments.resamples)
    for (dataset, model, kind), rows in _groups(done.rows, "dataset", "model", "kind").items():
        subject = f"{printable(model)} on {printable(dataset)}, {kind}"
        print(f"{subject}: AP at IoU 0.5, and points of it lost to each kind of error")
        print(f"(n = {max(row.n for row in rows)}; with intervals: errors.csv)")
        for (mitigation, corrector), own in _groups(rows, "mitigation", "corrector").items():
            label = mitigation if corrector == "identity" else f"{mitigation} ({corrector})"
            _print_edge(label, own)
            gains = [
                row
                for row in done.comparisons
                if (row.dataset, row.model, row.kind) == (dataset, model, kind)
                and (row.second_mitigation, row.second_corrector) == (mitigation, corrector)
                and row.first_mitigation == "none"
            ]
            if gains:
                _print_gains(label, gains)
        print()
    if done.missing_cells:
        print(f"{done.missing_cells} prediction files are still missing; run the study again to make them")
    print(f"all numbers: {done.folder / 'errors.csv'}, errors_comparisons.csv")
    print(f"{len(done.figures)} figures: {done.folder / 'figures' / 'errors-*.png'}, .svg")
    return 0


def _print_edge(label: str, rows: list[ErrorRow]) -> None:
    from jpegproof.analysis.tide.rows import NO_ERROR

    qualities = sorted({row.quality for row in rows}, key=lambda quality: (quality is not None, quality))
    heads = ["original" if quality is None else f"q {quality}" for quality in qualities]
    print(f"  {printable(label):28}" + "".join(f"{head:>9}" for head in heads))
    for (error,), own in _groups(rows, "error").items():
        by_quality = {row.quality: row.value for row in own}
        name = "AP" if error == NO_ERROR else error.replace("_", " ")
        print(f"    {name:26}" + "".join(_cell(by_quality.get(quality)) for quality in qualities))


def _print_gains(label: str, rows: list[ErrorComparison]) -> None:
    qualities = sorted({row.quality for row in rows}, key=lambda quality: (quality is not None, quality))
    heads = [f"q {quality}" for quality in qualities]
    print(f"  {printable(label)} less none, * where the 95 % interval leaves 0 out")
    print(f"  {'':28}" + "".join(f"{head:>9}" for head in heads))
    for (error,), own in _groups(rows, "error").items():
        found = {row.quality: f"{row.difference:+.2f}{'*' if row.told_apart else ' '}" for row in own}
        name = "AP" if error == "none" else error.replace("_", " ")
        print(f"    {name:26}" + "".join(f"{found.get(quality, ''):>9}" for quality in qualities))


def _groups(rows: list[_Row], *names: str) -> dict[tuple[str, ...], list[_Row]]:
    groups: dict[tuple[str, ...], list[_Row]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in names), []).append(row)
    return groups


def _cell(value: float | None) -> str:
    return f"{'' if value is None else f'{value:.2f}':>9}"


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)
