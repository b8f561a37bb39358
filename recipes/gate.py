"""Fit the gate's limits, as jpegproof ships them.

    python recipes/gate.py --real REAL      # five minutes on two cores

Three-way split: the default corrector learned from 250 photographs of BSDS500; the gate is fitted on the 50 that were
kept from it and on 64 of COCO; what both do is reported on ImageNet's, LIVE1's and Classic5's, which neither has seen.
"""

from __future__ import annotations

import argparse
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from jpegproof.correctors.default import DEFAULT, default_corrector
from jpegproof.correctors.gate import SHIPPED, Gate
from jpegproof.correctors.protocol import to_pixels
from jpegproof.data.find import open_pictures
from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.find import find_model
from jpegproof.restoration.psnr import psnr

FOLDER = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "correctors" / "shipped"
QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
DOWNSCALES = (1, 2, 4, 8)

#: What correction must be sure to give, in dB after shrinking: less is not worth what it costs.
WORTH_DB = 0.05

#: Equal pictures have no finite PSNR; better than this counts no more.
BEST = 78.0

#: The limit where the gate never opens.
NEVER = 0


def photographs(real: Path) -> list[Pixels]:
    bsds = open_pictures(real / "bsds500", "folder")
    coco = open_pictures(real / "coco" / "images", "folder")
    kept = [number for number in range(len(bsds)) if number % 6 == 5]
    return [bsds.pixels(number) for number in kept] + [coco.pixels(number) for number in range(len(coco))]


def shrunk(pixels: Pixels, factor: int) -> Pixels:
    size = max(pixels.shape[1] // factor, 1), max(pixels.shape[0] // factor, 1)
    return pixels if factor == 1 else np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def lower(values: list[float]) -> float:
    """The lower end of the 95 % interval of a mean."""
    return float(np.mean(values) - 1.96 * np.std(values, ddof=1) / math.sqrt(len(values)))


def nearer(ratio: float) -> str:
    """A logarithm of before over after, as the share by which the distance has fallen."""
    return f"{100 * (1 - math.exp(-ratio)):.1f} %"


def limit(passed: list[bool]) -> int:
    """The quality below which all tested qualities passed: nothing is promised between a pass and a failure."""
    last = 0
    for quality, fine in zip(QUALITIES, passed, strict=True):
        if not fine:
            break
        last = quality
    return last + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(1)
    corrector = default_corrector(precision="bfloat16")
    weights = args.real / "weights" / "squeezenet1_1.safetensors"
    model = find_model("torchvision:squeezenet1_1", weights=str(weights))

    def answer(pixels: Pixels) -> torch.Tensor:
        """Logits of a whole picture, whatever its size."""
        with torch.inference_mode():
            return model.network(model.preparation.normalise(pixels)[None])[0]

    def tried(pixels: Pixels, quality: int) -> dict[int, tuple[float, float]]:
        """By downscale: logarithm of the distance's ratio, before over after, and the gain in PSNR."""
        image = decode(encode(pixels, Compression("jpeg", quality)))
        repaired = to_pixels(corrector([image])[0])
        found = {}
        for factor in DOWNSCALES:
            target, before, after = (shrunk(version, factor) for version in (pixels, image.pixels, repaired))
            wanted = answer(target)
            distances = [max(float((answer(version) - wanted).abs().mean()), 1e-4) for version in (before, after)]
            gain = min(psnr(target, after), BEST) - min(psnr(target, before), BEST)
            found[factor] = math.log(distances[0] / distances[1]), gain
        return found

    originals = photographs(args.real)
    heads = [f"nearer at 1/{factor} | PSNR" for factor in DOWNSCALES]
    lines = ["| quality | " + " | ".join(heads) + " |", "| ---: |" + " ---: |" * (2 * len(DOWNSCALES))]
    passed: dict[int, list[bool]] = {factor: [] for factor in DOWNSCALES}
    for quality in QUALITIES:
        with ThreadPoolExecutor(args.threads) as pool:
            trials = list(pool.map(tried, originals, [quality] * len(originals)))
        cells = []
        for factor in DOWNSCALES:
            ratios, gains = ([trial[factor][place] for trial in trials] for place in (0, 1))
            passed[factor].append(lower(ratios) > 0 and lower(gains) > WORTH_DB)
            cells.append(f"{nearer(float(np.mean(ratios)))} [{nearer(lower(ratios))}]")
            cells.append(f"{np.mean(gains):.2f} [{lower(gains):.2f}]")
        lines.append(f"| {quality} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    limits, most = [], 101
    for factor in DOWNSCALES:
        most = min(most, limit(passed[factor]))  # what is too little at one size is too little at a smaller one
        limits.append((factor, most if most > QUALITIES[0] else NEVER))
    limits.append((2 * DOWNSCALES[-1], NEVER))
    Gate(tuple((float(factor), float(quality)) for factor, quality in limits))
    (args.out / f"{SHIPPED}.json").write_text(json.dumps({"limits": limits}) + "\n")
    (args.out / f"{SHIPPED}.md").write_text(card(len(originals), "\n".join(lines), limits))


def card(count: int, table: str, limits: list[tuple[int, int]]) -> str:
    """The card in Markdown."""
    told = ", ".join(f"{quality} at 1/{factor}" for factor, quality in limits if quality)
    return f"""# {SHIPPED}

The gate before jpegproof's correctors (`jpegproof.correctors.gate`): the libjpeg quality below which a picture is
corrected, by how much it is shrunk afterwards. It opens below quality {told}; nowhere
at 1/16 and beyond. Between those the limit runs straight over the logarithm of the downscale.

## Data and its terms
{count} photographs: the 50 of BSDS500 that `{DEFAULT}` did not learn from, and 64 of COCO 2017 (terms:
docs/real-data.md). The corrector's training does not use them, nor does any reported result but the validation table on
that corrector's own card. The gate holds {len(limits)}
pairs of numbers and no image. No label was used.

## Recipe
At each quality each photograph is saved (Pillow, 4:2:0), corrected in bfloat16, shrunk by 1, 2, 4 and 8 with Pillow's
bilinear filter, and compared with its original, shrunk alike: PSNR, and the mean absolute distance of SqueezeNet 1.1's
logits on the whole picture. At each downscale the limit is one above the highest quality up to which the lower ends of
the 95 % intervals of the means are above 0 (logarithm of the distance's fall) and above {WORTH_DB} dB (PSNR), and never
above the limit at a smaller downscale.

    python recipes/gate.py --real REAL

## Measured
By how much the distance falls (geometric mean) and the gain in PSNR (dB), by how much the picture is shrunk; lower ends
of the 95 % intervals in brackets.

{table}

What it promises: at each quality below the limit, on pictures like these, correction brings a classifier's answers
nearer to those on the originals, on average, with 95 % confidence at each tested quality by itself; above the limit a
picture leaves as it came, unless a coarser save is found behind the last one. That case was not fitted: where the
original itself was a JPEG, its own save may be found and corrected.

## Limits
One classifier and one corrector decided it. A corrector trained through your own model may help at qualities where this
gate is shut, and a picture's own answer may still move the wrong way below it. A hidden earlier save is found only if
it was made with libjpeg's standard luma tables and the picture was not resized since.
"""


if __name__ == "__main__":
    main()
