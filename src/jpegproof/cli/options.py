"""Options that several verbs share."""

from __future__ import annotations

import argparse
from typing import Any

#: What `jpegproof.verbs.corrector_name.named_corrector` knows, for help texts.
CORRECTORS = "default, small, FILE (from fit), spandrel:FILE or qgac:FILE"


def add_machine_options(verb: argparse.ArgumentParser, *, workers: bool = True, precision: bool = False) -> None:
    """How to use the machine.

    Args:
        verb: gets the options.
        workers: whether it works in several processes.
        precision: whether that of correctors can be chosen.
    """
    group = verb.add_argument_group("the machine")
    group.add_argument("--device", default="auto", help="auto (default), cpu, cuda, cuda:1, ...")
    if workers:
        group.add_argument("--workers", type=int, metavar="N", help="processes (default: one per core, one on a GPU)")
    whose = "of each worker (default: the cores it has)" if workers else "(default: the cores there are)"
    group.add_argument("--threads", type=int, metavar="N", help=f"threads {whose}")
    if precision:
        group.add_argument(
            "--precision", default="float32", metavar="P", help="float32 (default), or bfloat16 where that is faster"
        )
    group.add_argument("--quiet", action="store_true", help="no progress bar")


def add_data_options(verb: argparse.ArgumentParser) -> None:
    """How the pictures lie."""
    data = verb.add_argument_group("the pictures")
    layouts = ("auto", "imagenet", "image_folder", "coco", "ade20k", "label_maps", "real_fake", "folder")
    data.add_argument("--layout", choices=layouts, default="auto")
    data.add_argument("--classes", metavar="FILE", help="names of class folders or of label maps' values, one a line")
    data.add_argument(
        "--annotations",
        metavar="FILE",
        help="COCO's annotations, if the folder holds several or none; or a list of ADE20K's pictures (.odgt)",
    )
    data.add_argument("--labels", metavar="DIR", help="folder of label maps, called as the pictures are")
    data.add_argument(
        "--void", action="append", default=[], metavar="V", help="class or value of unlabelled pixels; may be repeated"
    )
    data.add_argument(
        "--equalise",
        action="store_true",
        help="real and fake pictures: all cut to one size and saved as one JPEG first",
    )
    data.add_argument("--limit", type=int, metavar="N", help="only so many pictures, evenly spaced")


def add_task_option(verb: argparse.ArgumentParser) -> None:
    """What a network of one's own does."""
    verb.add_argument(
        "--task",
        choices=(
            *("classification", "detection", "instance_segmentation", "semantic_segmentation", "forensics"),
            "tensors",
        ),
        help="what a network of your own does (default: classification); tensors: anything else, compared as it is",
    )


def add_code_option(verb: argparse.ArgumentParser) -> None:
    """Whether reading a model's file may run code of it."""
    verb.add_argument(
        "--allow-code", action="store_true", help="read the model's file though that can run code of it (export:FILE)"
    )


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


def weights_by_name(given: list[str]) -> dict[str, str]:
    """What ``--weights NAME=FILE``, given any number of times, says.

    Raises:
        JpegproofError: a name is missing or comes twice.
    """
    from jpegproof.exceptions import JpegproofError

    found: dict[str, str] = {}
    for text in given:
        name, sign, wanted = text.partition("=")
        if not (name and sign and wanted):
            raise JpegproofError(f"--weights {text}: say whose they are: --weights NAME=FILE")
        if name in found:
            raise JpegproofError(f"--weights {text}: {name!r} has {found[name]} already; name one of the two")
        found[name] = wanted
    return found
