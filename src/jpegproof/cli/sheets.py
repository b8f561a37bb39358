"""Pictures with what the model says of them: JPEG, each cure, original, truth. Chosen by rule, or named.

examples:
  jpegproof sheets results/world-segmentation
  jpegproof sheets results/camvid-sample --quality 20 --count 3 --allow-code
  jpegproof sheets results/mine --cure task_targeted --cure self_distilled --picture street/0007.png
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import add_machine_options
from jpegproof.safe_text import printable


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder of measure or study")
    verb.add_argument("--model", metavar="NAME", help="a semantic segmenter of the study (default: its only one)")
    verb.add_argument("--quality", type=int, metavar="Q", help="one of the study's (default: the lowest)")
    verb.add_argument(
        "--cure",
        action="append",
        metavar="MITIGATION",
        help="gets a column; may be repeated (default: off_the_shelf, task_targeted, supervised_fine_tuning)",
    )
    verb.add_argument(
        "--count", type=int, default=1, metavar="N", help="pictures of largest, of median and of least gain"
    )
    verb.add_argument(
        "--picture", action="append", metavar="NAME", help="draw this one instead of choosing by rule; may be repeated"
    )
    verb.add_argument("--allow-code", action="store_true", help="let the study's models come from Python files")
    add_machine_options(verb, workers=False)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.verbs.sheets import PAPERS, sheets

    done = sheets(
        arguments.folder,
        arguments.model,
        quality=arguments.quality,
        cures=arguments.cure or PAPERS,
        count=arguments.count,
        pictures=arguments.picture or (),
        device=arguments.device,
        threads=arguments.threads,
        allow_code=arguments.allow_code,
    )
    for file in done.files:
        own = [row for row in done.rows if row.sheet == file.name]
        why = own[0].rule.replace("_", " ") + ("" if own[0].gain is None else f" {own[0].gain:+.1f}")
        print(f"{printable(own[0].picture)} ({why}): {file}")
        told = ("unusable" if row.value is None else f"{row.value:.1f}" for row in own)
        names = ("original" if row.quality is None else row.mitigation for row in own)
        print(f"  {own[0].metric}: " + ", ".join(f"{name} {value}" for name, value in zip(names, told, strict=True)))
    print(f"all numbers: {done.folder / 'sheets.csv'}")
    return 0
