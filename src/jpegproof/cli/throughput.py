"""Images per second and memory: every model and cure, in use and in training; accuracy against speed.

examples:
  jpegproof throughput jpegproof:world-classifier
  jpegproof throughput torchvision:resnet50 photos/ --weights random --batches 1,8 --threads 1
  jpegproof throughput results/world --metric-quality 30
  jpegproof throughput studies/world.yaml --device cuda --batches 1,32
  jpegproof throughput studies/paper/throughput.yaml /data --root PAPER --weights ResNet-50=random
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import add_input_options, add_machine_options, add_task_option, weights_by_name


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("what", help="a study file, a results folder of measure or study, or a model's name")
    verb.add_argument(
        "data",
        nargs="?",
        help="with a model: a folder of pictures (default: generated ones); with a study file: where its data lie",
    )
    verb.add_argument("--out", metavar="DIR", help="results folder (default: the study's, or out/throughput-MODEL)")
    verb.add_argument("--batches", type=_numbers, default=(1, 8), metavar="N,N", help="pictures at once (default: 1,8)")
    verb.add_argument("--qualities", metavar="Q", help="of the files: 10,50,90 (default: four of the study's)")
    verb.add_argument(
        "--metric-quality", type=int, metavar="Q", help="of the metric beside the speed (default: the lowest measured)"
    )
    verb.add_argument("--repeats", type=int, default=10, metavar="N", help="of each measurement, at most (default: 10)")
    verb.add_argument(
        "--seconds", type=float, default=10.0, metavar="S", help="begin no repeat after so many (default: 10)"
    )
    verb.add_argument("--root", metavar="DIR", help="where relative paths of a study file begin")
    verb.add_argument("--allow-code", action="store_true", help="let the study's models come from Python files")
    verb.add_argument(
        "--weights",
        metavar="[NAME=]FILE",
        action="append",
        default=[],
        help="a model's, as of measure, where random is as fast as any; with a study file by name, as of study",
    )
    model = verb.add_argument_group("with a model")
    model.add_argument("--layout", default="auto", metavar="L", help="of the folder, as of measure (default: auto)")
    add_task_option(verb)
    add_input_options(verb)
    add_machine_options(verb, workers=False)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.options import preparation_of
    from jpegproof.cli.progress import Bar
    from jpegproof.cli.speed_summary import print_speeds
    from jpegproof.verbs.throughput import throughput

    bar = Bar(arguments.quiet, "measuring", "measurements", "measurement")
    try:
        done = throughput(
            arguments.what,
            arguments.data,
            out=arguments.out,
            batches=arguments.batches,
            qualities=arguments.qualities,
            metric_quality=arguments.metric_quality,
            repeats=arguments.repeats,
            seconds=arguments.seconds,
            root=arguments.root,
            weights=_weights(arguments.what, arguments.weights),
            task=arguments.task,
            layout=arguments.layout,
            preparation=preparation_of(arguments),
            device=arguments.device,
            threads=arguments.threads,
            allow_code=arguments.allow_code,
            progress=bar,
        )
    finally:
        bar.close()
    print_speeds(done)
    return 0


def _weights(what: str, given: list[str]) -> str | dict[str, str] | None:
    """One model's, or by name those of a study file."""
    from jpegproof.exceptions import JpegproofError

    if what.lower().endswith((".yaml", ".yml")):
        return weights_by_name(given) or None
    if len(given) > 1:
        raise JpegproofError(f"--weights {given[1]}: a model has one file of weights; {given[0]} was named already")
    return given[0] if given else None


def _numbers(text: str) -> list[int]:
    """Whole numbers between commas."""
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: give whole numbers such as 1,8") from None
