"""Train the default corrector's weights for pixels, as jpegproof ships them.

    python recipes/block_restorer.py --photographs REAL/bsds500     # about 50 minutes on one core, 30 on two

The photographs are BSDS500's 300 of train and val (see docs/real-data.md) in the order of their names; every sixth is
kept for validation, the other 250 are learned from. A run that was stopped
goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from jpegproof.correctors.block_restorer import BlockRestorer
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.data.find import open_pictures
from jpegproof.training.examples import Examples
from jpegproof.training.loop import train
from jpegproof.training.recipe import Recipe
from jpegproof.training.restore_pixels import RestorePixels

RECIPE = Recipe(
    steps=4_500,
    batch=16,
    learning_rate=1e-3,
    qualities=(8, 95),
    subsampling=("4:2:0", "4:2:0", "4:2:0", "4:4:4"),
    crop=96,
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=Path, required=True, help="the folder bsds500")
    parser.add_argument("--cache", type=Path, default=Path("out/block-restorer"))
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(RECIPE.seed)
    photographs = open_pictures(args.photographs, "folder")
    numbers = [number for number in range(len(photographs)) if number % 6 != 5]
    print(f"{len(numbers)} photographs")
    corrector = GridCorrector(BlockRestorer(), {"weights": "in training"})
    examples = Examples([(photographs, numbers)], RECIPE)
    train(RestorePixels(corrector), examples, RECIPE, args.cache / "checkpoint.pt", Lines())
    torch.save(corrector.network.state_dict(), args.cache / "weights.pt")


if __name__ == "__main__":
    main()
