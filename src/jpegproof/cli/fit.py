"""Trains a corrector for your model without labels, or the model itself. Resumable at any moment.

A part of the pictures is held back: some say when to stop, the others what the outcome is good for. It ends with a
table before and after, the cost in use, and a verdict (before_after.md in the folder).

examples:
  jpegproof fit torchvision:resnet50 photos/ --minutes 30          a corrector for this model; no label is read
  jpegproof fit my_model.py:build uploads/ --steps 2000 --start default
  jpegproof fit torchvision:resnet50 photos/ --objective self_distilled      no cost at inference
  jpegproof fit - photos/ --objective restore_pixels --start none --squares 96
  torchrun --nproc-per-node 4 -m -- jpegproof.cli.main fit torchvision:resnet50 photos/ --batch 32     on four GPUs
"""

from __future__ import annotations

import argparse

from jpegproof.cli.options import (
    add_code_option,
    add_data_options,
    add_input_options,
    add_machine_options,
    add_task_option,
)

OBJECTIVES = (
    "task_targeted",
    "self_distilled",
    "supervised_fine_tuning",
    "control",
    "statistics_only",
    "restore_pixels",
)


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("model", help="as in measure; - for restore_pixels, which knows no model")
    verb.add_argument("data", help="a folder of pictures, or: world")
    verb.add_argument("--objective", choices=OBJECTIVES, default="task_targeted")
    budget = verb.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=int, metavar="N", help="updates of the weights (default: 1000)")
    budget.add_argument("--minutes", type=float, metavar="N", help="of training, instead: turned into steps, recorded")
    verb.add_argument("--start", default="default", metavar="C", help="where it begins: default, small, FILE or none")
    verb.add_argument("--corrector", metavar="C", help="before a learning model, frozen: default or FILE")
    verb.add_argument("--out", metavar="DIR", help="folder (default: out/fit-OBJECTIVE-MODEL-DATA); resumes")
    verb.add_argument("--weights", metavar="FILE", help="of the model; as in measure")
    verb.add_argument("--batch", type=int, default=8, metavar="N", help="pictures a step (default: 8)")
    verb.add_argument(
        "--accumulate",
        type=int,
        default=1,
        metavar="N",
        help="parts in which each process computes its pictures of a step: less memory, the same training (default: 1)",
    )
    verb.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16", "float16"),
        default="auto",
        help="of convolutions in training (default: auto, bfloat16 where the machine has it)",
    )
    verb.add_argument("--learning-rate", type=float, metavar="R", help="at its peak (default: 1e-4; models 2e-5)")
    verb.add_argument("--qualities", default="10:90", metavar="LOW:HIGH", help="each picture gets one at random")
    verb.add_argument("--stage", choices=("source", "input"), default="source", help="where pictures are compressed")
    verb.add_argument("--squares", type=int, metavar="PX", help="restore_pixels: side of the random squares")
    add_task_option(verb)
    add_code_option(verb)
    verb.add_argument(
        "--features", nargs="+", default=[], metavar="LAYER", help="of a detector without dense: layers to compare"
    )
    add_data_options(verb)
    add_input_options(verb)
    verb.add_argument("--seed", type=int, default=0, help="of everything random")
    verb.add_argument(
        "--hold-back",
        type=float,
        metavar="SHARE",
        help="of the pictures: a third of it says when to stop, two thirds judge (default: 0.3; 0: none)",
    )
    verb.add_argument(
        "--least-gain",
        type=float,
        metavar="POINTS",
        help="below which the cure is not worth its cost (default: 1; 0 where it takes no time in use)",
    )
    verb.add_argument("--tensorboard", action="store_true", help="write a TensorBoard log (DIR/tensorboard)")
    add_machine_options(verb, workers=False)


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.fit_summary import print_fit
    from jpegproof.cli.options import preparation_of
    from jpegproof.cli.progress import Bar
    from jpegproof.verbs.fit import fit

    bar = Bar(arguments.quiet)
    try:
        done = fit(
            None if arguments.model == "-" else arguments.model,
            arguments.data,
            objective=arguments.objective,
            steps=arguments.steps,
            minutes=arguments.minutes,
            start=None if arguments.start == "none" else arguments.start,
            corrector=arguments.corrector,
            out=arguments.out,
            weights=arguments.weights,
            task=arguments.task,
            features=arguments.features,
            layout=arguments.layout,
            classes=arguments.classes,
            annotations=arguments.annotations,
            labels=arguments.labels,
            void=arguments.void,
            equalise=arguments.equalise,
            limit=arguments.limit,
            batch=arguments.batch,
            accumulate=arguments.accumulate,
            precision=arguments.precision,
            learning_rate=arguments.learning_rate,
            qualities=arguments.qualities,
            stage=arguments.stage,
            crop=arguments.squares,
            preparation=preparation_of(arguments),
            device=arguments.device,
            threads=arguments.threads,
            seed=arguments.seed,
            hold_back=arguments.hold_back,
            least_gain=arguments.least_gain,
            tensorboard=arguments.tensorboard,
            allow_code=arguments.allow_code,
            progress=bar,
        )
    finally:
        bar.close()
    if done.rank == 0:  # of several processes one says how it went
        print_fit(done, arguments.model)
    return 0
