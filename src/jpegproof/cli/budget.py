"""Which quality may I store or send at? The lowest that keeps the loss under a bound, with a confidence.

examples:
  jpegproof budget torchvision:resnet50 photos/ --bound 1 --confidence 95
  jpegproof budget my_model.py:build uploads/ --layout folder --corrector default --gate
  jpegproof budget timm:efficientnet_b3 imagenet/val --weights b3.safetensors --codecs jpeg,webp,avif
  jpegproof budget results/imagenet-sample --bound 2          a finished study or measurement; nothing runs
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from jpegproof.cli.options import CORRECTORS, add_data_options, add_input_options, add_machine_options, add_task_option

if TYPE_CHECKING:
    from jpegproof.verbs.budget import Budget


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("subject", help="a model as measure takes it; or, alone, a results folder")
    verb.add_argument("data", nargs="?", help="a folder of pictures (class folders give labels), or: world")
    verb.add_argument(
        "--bound",
        type=float,
        default=1.0,
        metavar="POINTS",
        help="what is still borne: points of the metric, or percent of the answers (default: 1)",
    )
    verb.add_argument("--confidence", type=float, default=95.0, metavar="C", help="in percent (default: 95)")
    verb.add_argument(
        "--metric", metavar="NAME", help="what is not to be lost (default: the task's own; agreement without labels)"
    )
    verb.add_argument(
        "--qualities", metavar="Q", help="tested from the best down (default: 10:95:5; of a folder all that it holds)"
    )
    verb.add_argument("--out", metavar="DIR", help="results folder (default: out/budget-MODEL-DATA); resumes")
    verb.add_argument(
        "--weights", metavar="FILE", help=".safetensors or .pth, the library's name of weights, or random"
    )
    verb.add_argument("--stage", choices=("source", "input"), help="compress before (default) or after resizing")
    verb.add_argument("--subsampling", choices=("4:2:0", "4:2:2", "4:4:4"), help="of chroma (default: 4:2:0)")
    verb.add_argument("--codecs", metavar="C", help="jpeg (default), or jpeg,webp,avif: these at the bytes of the JPEG")
    verb.add_argument(
        "--corrector",
        action="append",
        metavar="C",
        help=f"also with this corrector in front: {CORRECTORS}; may be repeated",
    )
    verb.add_argument("--gate", action="store_true", help="each corrector also behind the gate: good pictures stay")
    add_task_option(verb)
    add_data_options(verb)
    add_input_options(verb)
    verb.add_argument("--batch-size", type=int, metavar="N", help="pictures at once")
    verb.add_argument("--seed", type=int, metavar="S", help="of the bootstrap (default: 0)")
    add_machine_options(verb)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.budget import budget

    asked = {name: getattr(arguments, name) for name in ("bound", "confidence", "metric", "qualities", "out")}
    if arguments.data is None:
        done = budget(arguments.subject, **asked, **_given(arguments))
    else:
        bar = Bar(arguments.quiet)
        try:
            done = budget(arguments.subject, arguments.data, **asked, **_given(arguments), progress=bar)
        finally:
            bar.close()
    _print(done)
    return 0


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was said of the measurement, by `measure`'s names."""
    from jpegproof.cli.options import preparation_of

    names = (
        "weights",
        "task",
        "classes",
        "annotations",
        "labels",
        "limit",
        "stage",
        "subsampling",
        "codecs",
        "batch_size",
        "seed",
    )
    said = {name: getattr(arguments, name) for name in (*names, "workers", "threads")}
    said |= {"correctors": arguments.corrector, "preparation": preparation_of(arguments)}
    unusual = {"layout": "auto", "device": "auto", "void": [], "equalise": False, "gate": False}
    said |= {name: value if (value := getattr(arguments, name)) != usual else None for name, usual in unusual.items()}
    return {name: value for name, value in said.items() if value is not None}


def _print(done: Budget) -> None:
    for heading, said in done.said:
        print(heading)
        for line in said:
            print(f"  {line}")
    if done.missing_cells:
        print(f"{done.missing_cells} prediction files are still missing; run the study again to make them")
    print(f"all numbers: {done.folder / 'budget.csv'}, budget_answers.csv, budget_classes.csv, budget_pictures.csv")
    print(f"table and figure: {done.folder / 'tables' / 'budget.md'}, {done.figures[0] if done.figures else ''}")
