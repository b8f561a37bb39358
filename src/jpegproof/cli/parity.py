"""What does it cost that the server decodes and resizes otherwise than the training code? Which step is to blame?

examples:
  jpegproof parity torchvision:resnet50 photos/                        every decoder and resizer, one at a time
  jpegproof parity my_model.py:build uploads/ --server opencv+opencv-linear --server pillow-draft
  jpegproof parity timm:efficientnet_b3 imagenet/val --reference torchvision+torch-bicubic-antialias
  jpegproof parity jpegproof:world-classifier world --limit 200 --quality 60
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from jpegproof.cli.options import (
    add_code_option,
    add_data_options,
    add_input_options,
    add_machine_options,
    add_task_option,
)

if TYPE_CHECKING:
    from jpegproof.verbs.parity import Parity

_SERVER = "DECODER+RESIZER, or one of the two"


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("model", help="a model's name, as measure takes it")
    verb.add_argument("data", help="a folder of pictures (class folders give labels), or: world")
    verb.add_argument(
        "--server",
        action="append",
        default=[],
        metavar="S",
        help=f"compare only this: {_SERVER} (opencv+opencv-linear); may be repeated. Decoders: pillow, pillow-draft, "
        "opencv, opencv-unturned, opencv-reduced, torchvision, simplejpeg, simplejpeg-fastdct, "
        "simplejpeg-fastupsample, nearest-chroma. Resizers: pillow-bilinear, -bicubic, -lanczos, -box, -nearest; "
        "opencv-linear, -area, -cubic; torch-bilinear, torch-bicubic, each also with -antialias",
    )
    verb.add_argument("--reference", metavar="S", help=f"what training used: {_SERVER} (default: pillow, own resizing)")
    verb.add_argument(
        "--quality", type=int, default=75, metavar="Q", help="of pictures that are no JPEGs, saved first (default: 75)"
    )
    verb.add_argument("--out", metavar="DIR", help="results folder (default: out/parity-MODEL-DATA)")
    verb.add_argument(
        "--weights", metavar="FILE", help=".safetensors or .pth, the library's name of weights, or random"
    )
    add_task_option(verb)
    add_code_option(verb)
    add_data_options(verb)
    add_input_options(verb)
    verb.add_argument("--batch-size", type=int, metavar="N", help="pictures at once")
    verb.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    add_machine_options(verb, workers=False)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.options import preparation_of
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.parity import parity

    same = (
        *("reference", "quality", "out", "weights", "task", "layout", "classes", "annotations", "labels", "void"),
        *("equalise", "limit", "batch_size", "device", "threads", "seed", "allow_code"),
    )
    bar = Bar(arguments.quiet, "serving", "pictures", "picture")
    try:
        done = parity(
            arguments.model,
            arguments.data,
            servers=arguments.server,
            preparation=preparation_of(arguments),
            progress=bar,
            **{name: getattr(arguments, name) for name in same},
        )
    finally:
        bar.close()
    _print(done)
    return 0


def _print(done: Parity) -> None:
    for line in done.said:
        print(line)
    if not any(row.step for row in done.servers):
        print("jpegproof: note: no other server could be compared", file=sys.stderr)
    print(f"all numbers: {done.folder / 'parity_servers.csv'}, parity_metrics.csv, parity_blame.csv, parity.csv")
    print(f"table and figure: {done.folder / 'tables' / 'parity.md'}, {done.figures[0] if done.figures else ''}")
