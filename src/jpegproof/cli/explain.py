"""Why it breaks: what the answer rests on (gradient, Grad-CAM) on JPEGs, with each cure, on originals; as numbers too.

examples:
  jpegproof explain results/world-cures
  jpegproof explain results/mine squeezenet1_1 --quality 10 --picture n01440764/0007.JPEG
  jpegproof explain results/mine --qualities 10,30,50 --pictures 200 --count 2
  jpegproof explain results/camvid-sample --class Car --layer network.stages.2 --allow-code
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import add_machine_options
from jpegproof.safe_text import printable


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("folder", help="a results folder of measure or study")
    verb.add_argument(
        "model", nargs="?", help="a classifier, detector or segmenter of the study (default: its only one)"
    )
    verb.add_argument("--layer", metavar="NAME", help="what Grad-CAM looks at (default: the last convolutional map)")
    verb.add_argument(
        "--class",
        dest="wanted",
        metavar="CLASS",
        help="by name or number; of a segmenter its region, of a classifier its logit (default: what the model says)",
    )
    verb.add_argument(
        "--cure",
        action="append",
        metavar="MITIGATION",
        help="is explained too; may be repeated (default: off_the_shelf, task_targeted, supervised_fine_tuning)",
    )
    sheets = verb.add_argument_group("the sheets")
    sheets.add_argument("--quality", type=int, metavar="Q", help="one of the study's (default: the lowest)")
    sheets.add_argument(
        "--count", type=int, default=1, metavar="N", help="pictures of largest, median and least gain; 0 for no sheets"
    )
    sheets.add_argument(
        "--picture", action="append", metavar="NAME", help="draw this one instead of choosing by rule; may be repeated"
    )
    numbers = verb.add_argument_group("the numbers")
    numbers.add_argument("--qualities", metavar="Q", help="such as 10,30,50 (default: all of the study's)")
    numbers.add_argument(
        "--pictures", type=int, default=100, metavar="N", help="how many (default: 100); 0 for no numbers"
    )
    numbers.add_argument("--seed", type=int, metavar="N", help="of which pictures, and of the intervals")
    verb.add_argument("--allow-code", action="store_true", help="let the study's models come from Python files")
    add_machine_options(verb, workers=False)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.explain import explain
    from jpegproof.verbs.sheet_subject import PAPERS

    bar = Bar(arguments.quiet, work="explained", files="pictures", file="picture")
    try:
        done = explain(
            arguments.folder,
            arguments.model,
            layer=arguments.layer,
            wanted=arguments.wanted,
            quality=arguments.quality,
            cures=arguments.cure or PAPERS,
            count=arguments.count,
            names=arguments.picture or (),
            qualities=arguments.qualities,
            pictures=arguments.pictures,
            seed=arguments.seed,
            device=arguments.device,
            threads=arguments.threads,
            allow_code=arguments.allow_code,
            progress=bar,
        )
    finally:
        bar.close()
    print(f"{printable(done.model)}: Grad-CAM looks at layer {printable(done.layer or '-')}")
    for file in done.files:
        row = next(row for row in done.sheets if row.sheet == file.name)
        print(f"{printable(row.picture)} ({row.rule.replace('_', ' ')}, {printable(row.target)}): {file}")
    for picture, reason in done.faults:
        print(f"{printable(picture)}: no sheet: {printable(reason)}")
    for one in done.observations:
        named = f" ({printable(one.corrector)})" if one.corrector != "identity" else ""
        print(f"quality {one.quality}: {one.statement}{named}: {one.verdict}")
        for part in one.parts:
            print(f"  {part.claim}: {part.verdict} ({part.measure} {part.told})")
    if done.rows:
        print(f"all numbers: {done.folder / 'explanations.csv'}")
    return 0
