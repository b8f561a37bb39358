"""Fit the gate's limits, as jpegproof ships them.

    python recipes/gate.py --real REAL      # ten minutes on one core

Three-way split: the default corrector learned from 250 photographs of BSDS500; the gate is fitted on the 50 that were
kept from it and on 64 of COCO; what both do is reported on ImageNet's, LIVE1's and Classic5's, which neither has seen.
"""

from __future__ import annotations

import argparse
import json
import math
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

FOLDER = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "correctors" / "shipped"
QUALITIES = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
DOWNSCALES = (1, 2, 4, 8)

#: What correction must be sure to give, in dB after shrinking: less is not worth what it costs.
WORTH_DB = 0.05

#: The limit where the gate never opens.
NEVER = 0


def photographs(real: Path) -> list[Pixels]:
    bsds = open_pictures(real / "bsds500", "folder")
    coco = open_pictures(real / "coco" / "images", "folder")
    kept = [number for number in range(len(bsds)) if number % 6 == 5]
    return [bsds.pixels(number) for number in kept] + [coco.pixels(number) for number in range(len(coco))]


def psnr(first: Pixels, second: Pixels) -> float:
    error = np.square(first.astype(float) - second).mean()
    return 10 * math.log10(255**2 / max(error, 1e-3))


def shrunk(pixels: Pixels, factor: int) -> Pixels:
    size = max(pixels.shape[1] // factor, 1), max(pixels.shape[0] // factor, 1)
    return pixels if factor == 1 else np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def lower(values: list[float]) -> float:
    """The lower end of the 95 % interval of a mean."""
    return float(np.mean(values) - 1.96 * np.std(values, ddof=1) / math.sqrt(len(values)))


def limit(passed: list[bool]) -> int:
    """The quality below which all tested qualities passed."""
    for quality, fine in zip(QUALITIES, passed, strict=True):
        if not fine:
            return quality
    return QUALITIES[-1] + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="the folder of the real photographs")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    corrector = default_corrector(precision="bfloat16")
    weights = args.real / "weights" / "squeezenet1_1.safetensors"
    model = find_model("torchvision:squeezenet1_1", weights=str(weights))

    def answer(pixels: Pixels) -> torch.Tensor:
        with torch.inference_mode():
            return model.network(model.preparation.normalise(model.preparation.frame(pixels)[0])[None])[0]

    originals = photographs(args.real)
    wanted = [answer(pixels) for pixels in originals]
    lines = ["| quality | distance | " + " | ".join(f"PSNR / {factor}" for factor in DOWNSCALES) + " |"]
    lines.append("| ---: | " + " | ".join("---:" for _ in range(len(DOWNSCALES) + 1)) + " |")
    nearer: list[bool] = []
    better: dict[int, list[bool]] = {factor: [] for factor in DOWNSCALES}
    for quality in QUALITIES:
        ratios: list[float] = []
        gains: dict[int, list[float]] = {factor: [] for factor in DOWNSCALES}
        for pixels, clean in zip(originals, wanted, strict=True):
            image = decode(encode(pixels, Compression("jpeg", quality)))
            repaired = to_pixels(corrector([image])[0])
            before, after = ((answer(version) - clean).abs().mean() for version in (image.pixels, repaired))
            ratios.append(float(torch.log(before.clamp(min=1e-4) / after.clamp(min=1e-4))))
            for factor in DOWNSCALES:
                target = shrunk(pixels, factor)
                gains[factor].append(
                    psnr(shrunk(repaired, factor), target) - psnr(shrunk(image.pixels, factor), target)
                )
        nearer.append(lower(ratios) > 0)
        cells = [f"{100 * (1 - math.exp(-np.mean(ratios))):.1f} % [{100 * (1 - math.exp(-lower(ratios))):.1f}]"]
        for factor in DOWNSCALES:
            better[factor].append(lower(gains[factor]) > WORTH_DB)
            cells.append(f"{np.mean(gains[factor]):.2f} [{lower(gains[factor]):.2f}]")
        lines.append(f"| {quality} | " + " | ".join(cells) + " |")
        print(lines[-1], flush=True)
    first = min(limit(nearer), limit(better[1]))
    limits = [(1, first), *((factor, min(first, limit(better[factor]))) for factor in DOWNSCALES[1:]), (16, NEVER)]
    limits = [(factor, quality if quality > QUALITIES[0] else NEVER) for factor, quality in limits]
    Gate(tuple((float(factor), float(quality)) for factor, quality in limits))
    (args.out / f"{SHIPPED}.json").write_text(json.dumps({"limits": limits}) + "\n")
    (args.out / f"{SHIPPED}.md").write_text(card(len(originals), "\n".join(lines), limits))


def card(count: int, table: str, limits: list[tuple[int, int]]) -> str:
    """The card in Markdown."""
    told = ", ".join(f"below quality {quality} at 1/{factor}" for factor, quality in limits if quality)
    return f"""# {SHIPPED}

The gate before jpegproof's correctors (`jpegproof.correctors.gate`): the libjpeg quality below which a picture is
corrected, by how much it is shrunk afterwards. It opens {told}; nowhere at 1/16 and beyond. Between those the limit
runs straight over the logarithm of the downscale.

## Data and its terms
{count} photographs: the 50 of BSDS500 that `{DEFAULT}` did not learn from, and 64 of COCO 2017 (terms:
docs/real-data.md). Neither the corrector's training nor any reported result uses them. The gate holds {len(limits)}
pairs of numbers and no image. No label was used.

## Recipe
At each quality each photograph is saved (Pillow, 4:2:0), corrected, and compared with its original: the mean absolute
distance of SqueezeNet 1.1's logits from those on the original (its own preparation), and PSNR after shrinking by 1, 2,
4 and 8 with Pillow's bilinear filter. The limit is the lowest quality at which the lower end of the 95 % interval of
the mean gain is not above 0 (distance, at full size) or not above {WORTH_DB} dB (PSNR after shrinking).

    python recipes/gate.py --real REAL

## Measured
By how much the distance falls, and the gain in PSNR (dB); lower ends of the 95 % intervals in brackets.

{table}

What it promises: at each quality below the limit, on pictures like these, correction brings a classifier's answers
nearer to those on the originals, on average, with 95 % confidence; above the limit a picture leaves as it came.

## Limits
One classifier and one corrector decided it. A corrector trained through your own model may help at qualities where this
gate is shut, and a picture's own answer may still move the wrong way below it. A hidden earlier save is found only if
it was made with libjpeg's standard luma tables and the picture was not resized since; where a picture is corrected near
the model's scale, only the file's own tables are asked.
"""


if __name__ == "__main__":
    main()
