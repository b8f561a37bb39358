"""Repairs JPEG files: artifacts taken out, EXIF and colour profile kept, never over the input. Resumable.

examples:
  jpegproof correct uploads/ --out corrected
  jpegproof correct a.jpg b.jpg --out corrected --gate       good pictures pass through untouched
  jpegproof correct uploads/ --out corrected --plan          which file becomes which; nothing is read or written
  jpegproof correct uploads/ --out corrected --corrector out/fit-task_targeted-resnet50-uploads/corrector.safetensors
  jpegproof correct uploads/ --out corrected --format jpeg --quality 98
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from jpegproof.cli.options import CORRECTORS, add_machine_options

if TYPE_CHECKING:
    from jpegproof.verbs.correct import Corrections


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("input", nargs="+", help="a file, or a folder with all that lies below it")
    verb.add_argument("--out", required=True, metavar="DIR", help="output folder; what is finished there is kept")
    verb.add_argument(
        "--corrector",
        default="default",
        metavar="C",
        help=f"{CORRECTORS} (default: default)",
    )
    verb.add_argument("--gate", action="store_true", help="pass pictures through untouched that it would not help")
    verb.add_argument("--format", default="png", metavar="F", help="png (default), tiff, webp: lossless; or jpeg")
    verb.add_argument("--quality", type=int, metavar="Q", help="of --format jpeg, 1 to 100 (default: 95)")
    verb.add_argument("--overwrite", action="store_true", help="make outputs anew that are there already")
    verb.add_argument("--plan", action="store_true", help="print which file would become which; do nothing")
    verb.add_argument("--csv", metavar="FILE", help="a row for each file (default: corrected.csv in the output folder)")
    add_machine_options(verb, workers=False, precision=True)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code: 2 where files were skipped and not one output is there."""
    if arguments.plan:
        return _plan(arguments)
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.correct import correct

    bar = Bar(arguments.quiet, work="pictures", files="pictures")
    try:
        done = correct(
            arguments.input,
            arguments.out,
            corrector=arguments.corrector,
            format=arguments.format,
            quality=arguments.quality,
            gate=arguments.gate,
            overwrite=arguments.overwrite,
            csv=arguments.csv,
            precision=arguments.precision,
            device=arguments.device,
            threads=arguments.threads,
            progress=bar,
        )
    finally:
        bar.close()
    _print_summary(done)
    if done.failed:
        reason, count = done.reasons()[0]
        print(f"jpegproof: nothing could be corrected; {count} of {len(done.files)}: {reason}", file=sys.stderr)
        return 2
    return 0


def _plan(arguments: argparse.Namespace) -> int:
    from jpegproof.verbs.correct import plan_correction
    from jpegproof.verbs.correction_table import shown

    tasks = plan_correction(arguments.input, arguments.out, format=arguments.format)
    there = {task for task in tasks if task.target.exists()}
    for task in tasks:
        print(f"{shown(task.source)} -> {shown(task.target)}{' (there already)' if task in there else ''}")
    done_again = " and would be made anew" if arguments.overwrite else " and would be kept"
    print(f"{len(tasks)} files; {len(there)} are there already{done_again if there else ''}")
    return 0


def _print_summary(done: Corrections) -> None:
    from jpegproof.verbs.correction_table import shown

    now = len(done.files) - done.finished_before
    print(f"{len(done.files)} files, {done.finished_before} finished before, {now} now")
    for outcome, words in (
        ("corrected", "corrected"),
        ("untouched", "passed through, untouched"),
        ("kept", "there before, from an unknown run"),
        ("nothing to correct", "not JPEGs, or lossless ones: nothing to correct"),
        ("skipped", "skipped"),
    ):
        if done.count(outcome):
            print(f"  {done.count(outcome):>7} {words}")
    for reason, count in done.reasons()[:5]:
        print(f"  {'':7} {count} x {reason}")
    print(f"each file: {shown(done.table)}")
