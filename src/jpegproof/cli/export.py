"""A corrector, alone or with its model, as a folder to deploy: safetensors, ONNX, torch.export. Checked on the spot.

examples:
  jpegproof export torchvision:resnet50 --weights resnet50.safetensors --gate --out deployed
  jpegproof export torchvision:resnet50 --gate --out deployed --formats safetensors,onnx,torch-export
  jpegproof export torchvision:resnet50 --corrector out/fit-.../corrector.safetensors --out deployed
  jpegproof export --corrector-only --out corrector --formats onnx
  jpegproof export --corrector-only --out small --formats onnx --precision int8 --data photos/
then, in Python: jpegproof.load("deployed")(Path("upload.jpg").read_bytes())
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jpegproof.cli.options import add_code_option, add_input_options, add_task_option

if TYPE_CHECKING:
    from jpegproof.verbs.export import Export


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    verb.add_argument("model", nargs="?", help="as in measure; not with --corrector-only")
    verb.add_argument("--out", required=True, metavar="DIR", help="the folder; must not be there, or be empty")
    verb.add_argument(
        "--corrector", default="default", metavar="C", help="default, small, FILE (from fit), or identity (none)"
    )
    verb.add_argument("--gate", action="store_true", help="pass pictures through untouched that it would not help")
    verb.add_argument(
        "--formats",
        default="safetensors",
        metavar="F",
        help="beside safetensors: onnx, torch-export (default: safetensors alone)",
    )
    verb.add_argument("--corrector-only", action="store_true", help="leave the model out")
    verb.add_argument(
        "--precision",
        default="float32",
        metavar="P",
        help="of the corrector: float32 (default), float16, bfloat16, int8",
    )
    verb.add_argument(
        "--budget",
        type=float,
        metavar="N",
        help="multiply-adds per pixel of the model's input that correction may take (default: 4e9 for 224 x 224)",
    )
    verb.add_argument("--data", metavar="DIR", help="pictures to measure what fewer bits cost, and to set int8 by")
    verb.add_argument("--layout", default="auto", help="of --data, as in measure")
    verb.add_argument("--limit", type=int, default=50, metavar="N", help="so many of them (default: 50)")
    verb.add_argument(
        "--weights", metavar="FILE", help=".safetensors or .pth, the library's name of weights, or random"
    )
    verb.add_argument("--class-names", metavar="FILE", help="what a classifier's numbers mean, one name a line")
    add_task_option(verb)
    add_code_option(verb)
    add_input_options(verb)
    verb.add_argument("--threads", type=int, metavar="N", help="threads, for the times (default: as PyTorch has)")


def run(arguments: argparse.Namespace) -> int:
    """Does the verb; the exit code."""
    from jpegproof.cli.options import preparation_of
    from jpegproof.deploy.bounded import BUDGET
    from jpegproof.exceptions import JpegproofError
    from jpegproof.verbs.export import export

    if arguments.model is None and not arguments.corrector_only:
        raise JpegproofError("name the model to export, or give --corrector-only")
    done = export(
        arguments.model,
        arguments.out,
        corrector=arguments.corrector,
        gate=arguments.gate,
        formats=arguments.formats,
        corrector_only=arguments.corrector_only,
        precision=arguments.precision,
        budget=BUDGET if arguments.budget is None else arguments.budget,
        data=arguments.data,
        layout=arguments.layout,
        limit=arguments.limit,
        weights=arguments.weights,
        task=arguments.task,
        preparation=preparation_of(arguments),
        classes=_lines(arguments.class_names),
        threads=arguments.threads,
        allow_code=arguments.allow_code,
    )
    _print_summary(done)
    return 0


def _lines(file: str | None) -> list[str] | None:
    if file is None:
        return None
    from pathlib import Path

    from jpegproof.exceptions import DataError

    try:
        return Path(file).expanduser().read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read as a list of class names: {error}") from error


def _print_summary(done: Export) -> None:
    for name, size in done.files.items():
        print(f"{name:<24} {size:>13,} bytes")
    for check in done.checks:
        judged = "" if check.limit is None else f" (limit {check.limit:.0e})"
        print(f"{check.what}: at most {check.largest:.1e} off PyTorch{judged}, {check.precision}, {check.n} pictures")
    for speed in done.speeds:
        height, width = speed.size
        print(
            f"{speed.what}: onnxruntime {speed.onnx:.1f} ms in {speed.precision}, PyTorch {speed.torch:.1f} ms in "
            f"float32, {width} x {height}, threads: {speed.threads}"
        )
    for cost in done.costs:
        print(
            f"quality {cost.quality}: {cost.psnr_without:.2f} dB without, {cost.psnr_float32:.2f} in float32, "
            f"{cost.psnr:.2f} in {cost.precision} (worst picture {-cost.worst:+.2f}), {cost.n} pictures"
        )
        if cost.agreement is not None:
            print(
                f"  top-1 as on the original: {cost.agreement_float32:.1f} % in float32, {cost.agreement:.1f} % in "
                f"{cost.precision}; the same answer with both: {cost.same_answer:.1f} %"
            )
    print(f'deploy: jpegproof.load("{done.folder}")')
