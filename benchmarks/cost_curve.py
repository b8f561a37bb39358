"""Benefit against cost of the default corrector's design: smaller networks by the same recipe.

    python -m benchmarks.cost_curve --real REAL --out docs/results/cost_curve.json  # ten minutes each

Benefit is measured on the 50 photographs of BSDS500 that none of them learned from, PSNR and PSNR-B over red, green and
blue together; cost in multiply-adds per pixel, and for a 224 x 224 input. The shipped networks are the last rows;
their cards say for how many steps they were trained.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from recipes.block_restorer import RECIPE, Lines

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.correctors.block_restorer import BlockRestorer
from jpegproof.correctors.default import SHIPPED, shipped_corrector
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import to_pixels
from jpegproof.data.find import open_pictures
from jpegproof.data.picture_set import PictureSet
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.restoration.psnr import psnr
from jpegproof.restoration.psnr_b import psnr_b
from jpegproof.training.examples import Examples
from jpegproof.training.loop import train
from jpegproof.training.restore_pixels import RestorePixels

QUALITIES = (10, 30, 50, 80)
INPUT = 224


def trained(width: int, depth: int, photographs: PictureSet, learned: list[int], cache: Path) -> GridCorrector:
    """A network of another size, by the recipe of the shipped one."""
    torch.manual_seed(RECIPE.seed)
    corrector = GridCorrector(BlockRestorer(width=width, depth=depth), {"weights": f"{width} x {depth}"})
    examples = Examples([(photographs, learned)], RECIPE)
    train(RestorePixels(corrector), examples, RECIPE, cache / f"{width}x{depth}.pt", Lines(1000))
    return corrector


def row(name: str, corrector: GridCorrector, photographs: PictureSet, held: list[int]) -> dict[str, Any]:
    """What a network gives and takes."""
    cost = corrector.network.multiply_adds_per_pixel
    gains: dict[str, Any] = {}
    for quality in QUALITIES:
        scores = []
        for number in held:
            original = photographs.pixels(number)
            image = decode(encode(original, Compression("jpeg", quality)))
            mended = to_pixels(corrector([image])[0])
            scores.append(
                [
                    psnr(original, mended) - psnr(original, image.pixels),
                    psnr_b(original, mended) - psnr_b(original, image.pixels),
                ]
            )
        for metric, interval in zip(("psnr", "psnr_b"), mean_intervals(np.array(scores), seed=0), strict=True):
            ends = (interval.value, interval.low, interval.high)
            gains[f"{metric} at {quality}"] = [None if end is None else round(end, 3) for end in ends]
    return {
        "network": name,
        "parameters": sum(parameter.numel() for parameter in corrector.network.parameters()),
        "multiply_adds_per_pixel": cost,
        "multiply_adds_at_224": cost * INPUT * INPUT,
        "gain_db": gains,
        "n": len(held),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--sizes", nargs="+", default=["32x3"], metavar="WIDTHxDEPTH")
    parser.add_argument("--cache", type=Path, default=Path("out/cost_curve"), help="checkpoints")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    photographs = open_pictures(args.real / "bsds500", "folder")
    learned = [number for number in range(len(photographs)) if number % 6 != 5]
    held = [number for number in range(len(photographs)) if number % 6 == 5]
    rows = []
    for size in args.sizes:
        width, depth = (int(part) for part in size.split("x"))
        corrector = trained(width, depth, photographs, learned, args.cache)
        rows.append(row(f"{width} x {depth}", corrector, photographs, held))
        print(json.dumps(rows[-1]), flush=True)
    for name in SHIPPED:
        corrector = shipped_corrector(name)
        network = corrector.network
        rows.append(row(f"{network.width} x {network.depth}, shipped as {name}", corrector, photographs, held))
        print(json.dumps(rows[-1]), flush=True)
    if args.out:
        args.out.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
