"""What is drawn of the pictures of a batch, before any is read: whoever makes a part of it draws all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jpegproof.jpeg.compression import Subsampling
from jpegproof.jpeg.parts import UNIT
from jpegproof.training.deliveries import Step, draw_steps
from jpegproof.training.recipe import Recipe

_EXAMPLES = 1


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """What is drawn of one picture.

    Attributes:
        quality: libjpeg's; of no matter where it comes along a chain.
        subsampling: of chroma; as `quality`.
        turns: (3,) whether it is mirrored, upended, transposed.
        corner: (2,) where a square is cut, of what there is to choose, 0..1.
        shrink: (2,) whether a square is shrunk after it was compressed, and by how much, 0..1.
        chain: the steps of its delivery; None where it is saved once.
        chain_corner: (2,) as `corner`, of a picture that comes along a chain.
    """

    quality: int
    subsampling: Subsampling
    turns: np.ndarray
    corner: np.ndarray
    shrink: np.ndarray
    chain: list[Step] | None
    chain_corner: np.ndarray | None

    def describe(self) -> Mapping[str, Any]:
        """Plain data for a file that somebody reads to see what a step learned from."""
        mirrored, upended, transposed = (bool(turn) for turn in self.turns)
        facts = {"mirrored": mirrored, "upended": upended, "transposed": transposed}
        if self.chain is not None:
            return {"chain": [repr(step) for step in self.chain], **facts}
        return {"quality": self.quality, "subsampling": self.subsampling, **facts}


def draw_batch(recipe: Recipe, step: int) -> tuple[tuple[int, int] | None, list[Draw]]:
    """What is drawn of a step's batch: from the recipe and the step's number alone.

    Returns:
        (H, W) of its squares, None where whole pictures are learned from; and one `Draw` per picture.
    """
    random = np.random.Generator(np.random.PCG64([recipe.seed, _EXAMPLES, step]))
    size = None
    if recipe.crop is not None:
        lacking = random.integers(0, UNIT, 2) if random.random() < recipe.ragged else np.zeros(2, int)
        size = recipe.crop - int(lacking[0]), recipe.crop - int(lacking[1])
    return size, [_draw(recipe, random) for _ in range(recipe.batch)]


def _draw(recipe: Recipe, random: np.random.Generator) -> Draw:
    low, high = recipe.qualities
    quality = low + min(int((high + 1 - low) * random.random() ** recipe.low_qualities), high - low)
    subsampling = recipe.subsampling[int(random.integers(len(recipe.subsampling)))]
    coins, corner, shrink = random.random(3) < 0.5, random.random(2), random.random(2)
    turns = coins & np.array([recipe.augment != "none", *[recipe.augment == "dihedral"] * 2])
    if not recipe.chains or random.random() < recipe.single_saves:
        return Draw(quality, subsampling, turns, corner, shrink, None, None)
    steps = draw_steps(recipe.chains[int(random.integers(len(recipe.chains)))], random)
    return Draw(quality, subsampling, turns, corner, shrink, steps, random.random(2))
