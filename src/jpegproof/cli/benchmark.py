"""How near do correctors come to the original pictures? PSNR, PSNR-B and SSIM by quality, beside published numbers.

examples:
  jpegproof benchmark restoration LIVE1/                                       the default corrector, quality 10 to 40
  jpegproof benchmark restoration LIVE1/ --corrector default --corrector spandrel:dncnn3.safetensors --published
  jpegproof benchmark restoration Classic5/ --qualities 10,30 --planes luma
  jpegproof benchmark restoration photos/ --corrector qgac:qgac.ckpt --subsampling 4:4:4 --out results/photos
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from typing import TYPE_CHECKING

from jpegproof.cli.options import CORRECTORS, add_machine_options

if TYPE_CHECKING:
    from jpegproof.verbs.benchmark import Restoration


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("kind", help="which benchmark: restoration")
    verb.add_argument("data", help="a folder of pictures that were never compressed")
    verb.add_argument(
        "--corrector",
        action="append",
        default=[],
        metavar="C",
        help=f"{CORRECTORS}; may be repeated (default: default)",
    )
    verb.add_argument("--qualities", default="10:40:10", metavar="Q", help="10:40:10 (default), or 10,50")
    verb.add_argument("--subsampling", choices=("4:2:0", "4:2:2", "4:4:4"), default="4:2:0", help="of chroma")
    verb.add_argument(
        "--planes",
        choices=("both", "colour", "luma"),
        default="both",
        help="colour pictures, their luma as grey ones, or both (default)",
    )
    verb.add_argument("--published", action="store_true", help="also show published numbers: for LIVE1 and Classic5")
    verb.add_argument("--out", metavar="DIR", help="results folder (default: out/benchmark-restoration-DATA)")
    verb.add_argument("--limit", type=int, metavar="N", help="only so many pictures, evenly spaced")
    verb.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    add_machine_options(verb, workers=False, precision=True)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code: 2 where not one picture could be used."""
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.benchmark import benchmark

    bar = Bar(arguments.quiet, work="pictures", files="pictures")
    try:
        done = benchmark(
            arguments.kind,
            arguments.data,
            correctors=arguments.corrector or ["default"],
            qualities=arguments.qualities,
            subsampling=arguments.subsampling,
            planes=arguments.planes,
            published=arguments.published,
            out=arguments.out,
            limit=arguments.limit,
            precision=arguments.precision,
            device=arguments.device,
            threads=arguments.threads,
            seed=arguments.seed,
            progress=bar,
        )
    finally:
        bar.close()
    _print_tables(done)
    if done.skips and not done.numbers:
        reason, count = Counter(skip.reason for skip in done.skips).most_common(1)[0]
        print(f"jpegproof: not one picture could be used; {count} of {len(done.skips)}: {reason}", file=sys.stderr)
        return 2
    return 0


def _print_tables(done: Restoration) -> None:
    from jpegproof.restoration.tables import HEADS

    for table in done.tables:
        width = max(24, *(len(line.label) + 3 for line in table.lines))
        print(table.title)
        print(f"  {'':{width}}" + "".join(f"{head:>25}" for head in HEADS))
        for line in table.lines:
            print(f"  {line.label:{width}}" + "".join(f"{cell.text:>25}" for cell in line.cells))
            if any(cell.gain for cell in line.cells):
                print(f"  {'  gain':{width}}" + "".join(f"{cell.gain:>25}" for cell in line.cells))
        print()
    if done.skips:
        noun = "picture" if len(done.skips) == 1 else "pictures"
        print(f"{len(done.skips)} {noun} could not be used; reasons in {done.folder / 'skipped.csv'}")
    print(f"all numbers: {done.folder / 'restoration.csv'}; these tables: {done.folder / 'restoration.md'}")
