"""Options that several verbs share."""

from __future__ import annotations

import argparse
from typing import Any


def add_machine_options(verb: argparse.ArgumentParser) -> None:
    """How to use the machine."""
    group = verb.add_argument_group("the machine")
    group.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, ...")
    group.add_argument("--workers", type=int, metavar="N", help="processes (default: one per core, one on a GPU)")
    group.add_argument("--threads", type=int, metavar="N", help="threads of each worker (default: the cores it has)")
    group.add_argument("--quiet", action="store_true", help="no progress bar")


def add_data_options(verb: argparse.ArgumentParser) -> None:
    """How the pictures lie."""
    data = verb.add_argument_group("the pictures")
    data.add_argument("--layout", choices=("auto", "imagenet", "image_folder", "folder"), default="auto")
    data.add_argument("--classes", metavar="FILE", help="class folder names in label order, one a line")
    data.add_argument("--limit", type=int, metavar="N", help="only so many pictures, evenly spaced")


def add_input_options(verb: argparse.ArgumentParser) -> None:
    """How pictures become the model's input."""
    model = verb.add_argument_group("the model's input, where it differs from what the model comes with")
    model.add_argument("--resize", type=int, metavar="PX", help="shorter side")
    model.add_argument("--crop", type=int, metavar="PX", help="square cut from the centre")
    model.add_argument("--interpolation", choices=("bilinear", "bicubic", "nearest", "lanczos"))
    model.add_argument("--mean", type=float, nargs=3, metavar="V", help="per channel, in [0, 1]")
    model.add_argument("--std", type=float, nargs=3, metavar="V", help="per channel, in [0, 1]")


def preparation_of(arguments: argparse.Namespace) -> dict[str, Any] | None:
    """What `add_input_options` was given, as fields of a preparation; None where nothing was."""
    fields = {
        "resize": arguments.resize,
        "crop": arguments.crop and (arguments.crop, arguments.crop),
        "interpolation": arguments.interpolation,
        "mean": arguments.mean and tuple(arguments.mean),
        "std": arguments.std and tuple(arguments.std),
    }
    return {name: value for name, value in fields.items() if value is not None} or None
