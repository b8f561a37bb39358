"""Train the weights of the shipped correctors for pixels.

    python recipes/block_restorer.py --photographs REAL/bsds500 --live1 REAL/live1      # 40 minutes on one core
    python recipes/block_restorer.py --photographs REAL/bsds500 --live1 REAL/live1 --size small

The photographs are BSDS500's 300 of train and val (see docs/real-data.md) in the order of their names; every sixth is
kept for validation, the other 250 are learned from. A run that was stopped goes on when the same command is given
again, on the same photographs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from jpegproof.correctors.block_restorer import BlockRestorer
from jpegproof.correctors.default import SHIPPED as NAMES
from jpegproof.correctors.default import corrector_bytes, load_corrector
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import to_pixels
from jpegproof.data.find import open_pictures
from jpegproof.data.picture_set import PictureSet
from jpegproof.jpeg.codec import decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.restoration.psnr import psnr
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.training.examples import Examples
from jpegproof.training.loop import train
from jpegproof.training.recipe import Recipe
from jpegproof.training.record import Training
from jpegproof.training.restore_pixels import RestorePixels

SHIPPED = Path(__file__).resolve().parents[1] / "src" / "jpegproof" / "correctors" / "shipped"
QUALITIES = (10, 20, 30, 40, 60, 80, 90, 95)

#: Channels and blocks of each, and its steps: a small network's are cheap, and it has use for more of them.
SIZES = {"default": (112, 9, 11_000), "small": (64, 6, 22_000)}
RECIPE = Recipe(
    steps=11_000,
    batch=9,
    learning_rate=8e-4,
    qualities=(8, 95),
    low_qualities=2.0,
    subsampling=("4:2:0", "4:2:0", "4:2:0", "4:4:4"),
    crop=128,
    shrunk=0.1,
    ragged=0.5,
    augment="dihedral",
)


class Lines:
    """Prints a line every now and then."""

    def __init__(self, every: int = 200) -> None:
        self._every = every
        self._begun = time.monotonic()
        self._sum = 0.0
        self._first: int | None = None

    def step(self, done: int, total: int, loss: float) -> None:
        self._first = done - 1 if self._first is None else self._first
        self._sum += loss
        if done % self._every == 0:
            pace = (time.monotonic() - self._begun) / (done - self._first)
            left = pace * (total - done) / 60
            print(f"step {done}/{total}  loss {self._sum / self._every:.5f}  {left:.0f} min left", flush=True)
            self._sum = 0.0


def measured(corrector: GridCorrector, pictures: PictureSet, numbers: Sequence[int], quality: int) -> tuple[float, ...]:
    """Mean PSNR of the JPEGs and of the corrected ones, rounded to 8 bits as in use."""
    before, after = [], []
    for number in numbers:
        original = pictures.pixels(number)
        image = decode(encode(original, Compression("jpeg", quality)))
        before.append(psnr(original, image.pixels))
        after.append(psnr(original, to_pixels(corrector([image])[0])))
    return sum(before) / len(before), sum(after) / len(after)


def table(corrector: GridCorrector, pictures: PictureSet, numbers: Sequence[int]) -> str:
    lines = ["| quality | JPEG | corrected |", "| ---: | ---: | ---: |"]
    for quality in QUALITIES:
        before, after = measured(corrector, pictures, numbers, quality)
        lines.append(f"| {quality} | {before:.2f} | {after:.2f} |")
        print(lines[-1], flush=True)
    return "\n".join(lines)


def card(name: str, tables: tuple[str, str], training: Training, recipe: Recipe, held: int, learned: int) -> str:
    """The card in Markdown: what the weights are, where they come from, what they were measured to do."""
    width, depth, _ = SIZES[name]
    network = BlockRestorer(width=width, depth=depth)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    validation, live1 = tables
    return f"""# {NAMES[name]}

jpegproof's {name} corrector as an off-the-shelf one: `jpegproof.correctors.block_restorer.BlockRestorer` of
{width} channels and {depth} blocks, {parameters:,} parameters stored in half precision,
{network.multiply_adds_per_pixel:,} multiply-adds per pixel.
It is told the file's two quantisation tables and its chroma subsampling; pictures may have any size, and may have been
shrunk after decoding. Trained on one core.

## Data and its terms
{learned} photographs of BSDS500 (P. Arbelaez, M. Maire, C. Fowlkes, J. Malik, Contour detection and hierarchical image
segmentation, IEEE TPAMI 33(5), 2011; train and val). No licence is stated for its images; its authors ask to be cited.
The weights hold no image. No label was used.

## Recipe
Mean absolute difference to the original, AdamW, {recipe.steps:,} steps of {recipe.batch} random squares of
{recipe.crop} pixels, half of the batches lacking up to 15 rows and columns, one square in ten shrunk by 1.25 to 4 after
compressing; rate {recipe.learning_rate:g} falling by a cosine; libjpeg qualities {recipe.qualities[0]} to
{recipe.qualities[1]}, half of them from the lowest quarter; three in four at 4:2:0 and one in four at 4:4:4; turned and
mirrored before compressing; convolutions in bfloat16.
Last loss {training.losses[-1][1]:.5f}.

    python recipes/block_restorer.py --photographs REAL/bsds500 --live1 REAL/live1 --size {name}

## Measured
PSNR in dB over red, green and blue together, mean over pictures; Pillow {Image.__version__}, 4:2:0; corrected pictures
rounded to 8 bits; computed in float32.

The {held} photographs of BSDS500 that were kept for validation:

{validation}

LIVE1 (29 pictures), looked at once:

{live1}

BSDS500's originals are JPEGs themselves, of a quality near 95: a further save at 95 loses next to nothing, and there is
nothing to win.

## Limits
Trained for pixels: it smooths what it cannot know. On pictures that are good already it changes little, but it does
change them; what it does to a model must be measured: `jpegproof measure MODEL DATA --corrector {name}`.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True, help="the folder bsds500")
    parser.add_argument("--live1", type=Path, required=True, help="the folder live1, for the card")
    parser.add_argument("--size", choices=SIZES, default="default", help="which of the shipped correctors")
    parser.add_argument("--cache", type=Path, default=Path("out/block-restorer"), help="checkpoints")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the weights and their card")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    width, depth, steps = SIZES[args.size]
    recipe = replace(RECIPE, steps=steps)
    torch.manual_seed(recipe.seed)
    photographs = open_pictures(args.photographs, "folder")
    learned = [number for number in range(len(photographs)) if number % 6 != 5]
    held = [number for number in range(len(photographs)) if number % 6 == 5]
    print(f"{len(learned)} photographs", flush=True)
    corrector = GridCorrector(BlockRestorer(width=width, depth=depth), {"weights": "in training"})
    examples = Examples([(photographs, learned)], recipe)
    # Under the name of what it learns from: another folder of photographs does not go on with it.
    begun = fingerprint({"pictures": [photographs.identity(number) for number in learned]})[:12]
    training = train(RestorePixels(corrector), examples, recipe, args.cache / f"{args.size}-{begun}.pt", Lines())

    args.out.mkdir(parents=True, exist_ok=True)
    file = args.out / f"{NAMES[args.size]}.safetensors"
    network = corrector.network
    file.write_bytes(corrector_bytes(network.state_dict(), network, "restore_pixels", half=True))
    shipped = load_corrector(file)
    live1 = open_pictures(args.live1, "folder")
    tables = table(shipped, photographs, held), table(shipped, live1, range(len(live1)))
    file.with_suffix(".md").write_text(card(args.size, tables, training, recipe, len(held), len(learned)))


if __name__ == "__main__":
    main()
