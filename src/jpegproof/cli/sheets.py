"""Pictures with what the model says of them: JPEG, each cure, original, truth. Chosen by rule, or named.

examples:
  jpegproof sheets results/world-segmentation
  jpegproof sheets results/camvid-sample --quality 20 --count 3 --allow-code
  jpegproof sheets results/world-detection --all --confidence 0.3
  jpegproof sheets results/mine --cure task_targeted --cure self_distilled --picture street/0007.png
  jpegproof sheets results/world-forensics --model world-fake-detector --compression "messenger, save 3"
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jpegproof.cli.options import add_machine_options
from jpegproof.safe_text import printable

if TYPE_CHECKING:
    from jpegproof.verbs.sheet_rows import SheetRow


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder of measure or study")
    which = verb.add_mutually_exclusive_group()
    which.add_argument("--model", metavar="NAME", help="one of the study's (default: its only one)")
    which.add_argument("--all", action="store_true", help="every model of the study")
    how = verb.add_mutually_exclusive_group()
    how.add_argument("--quality", type=int, metavar="Q", help="one of the study's (default: the lowest)")
    how.add_argument("--compression", metavar="LABEL", help='or a save of a chain, such as "messenger, save 2"')
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
    verb.add_argument(
        "--confidence", type=float, default=0.5, metavar="S", help="detections of this score or more (default: 0.5)"
    )
    verb.add_argument("--allow-code", action="store_true", help="let the study's models come from Python files")
    add_machine_options(verb, workers=False)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.verbs.sheet_subject import PAPERS
    from jpegproof.verbs.sheets import sheets

    done = sheets(
        arguments.folder,
        arguments.model,
        every_model=arguments.all,
        quality=arguments.quality,
        compression=arguments.compression,
        cures=arguments.cure or PAPERS,
        count=arguments.count,
        pictures=arguments.picture or (),
        confidence=arguments.confidence,
        device=arguments.device,
        threads=arguments.threads,
        allow_code=arguments.allow_code,
    )
    for file in done.files:
        own = [row for row in done.rows if row.sheet == file.name]
        why = own[0].rule.replace("_", " ") + ("" if own[0].gain is None else f" {own[0].gain:+.1f}")
        print(f"{printable(own[0].picture)} ({why}): {file}")
        print(f"  {own[0].metric}: " + ", ".join(_told(row) for row in own if row.mitigation != "truth"))
    print(f"all numbers: {done.folder / 'sheets.csv'}")
    return 0


def _told(row: SheetRow) -> str:
    name = "original" if row.quality is None else row.mitigation
    return f"{name} {'unusable' if row.value is None else f'{row.value:.1f}'}"
