"""Pictures that a training does not learn from: what the objective makes of them, comparable from look to look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import torch

from jpegproof.data.picture_set import PictureSet
from jpegproof.models.preparation import Preparation
from jpegproof.training.examples import CACHE_BYTES, Examples, batches_ahead
from jpegproof.training.objective import Objective
from jpegproof.training.precision import computing_in
from jpegproof.training.recipe import Recipe
from jpegproof.training.seeds import seed_generators


class HeldBack:
    """Held-back pictures, each with one JPEG that is the same at every look: its quality is drawn once, by the seed.

    Args:
        sets: data sets, with the numbers of the pictures.
        recipe: of the training; held-back pictures are stored as its own are, but never mirrored or turned.
        preparations: as in `Examples`.
        labelled: whether the objective reads labels.

    Raises:
        DataError: there are no pictures.
    """

    def __init__(
        self,
        sets: Sequence[tuple[PictureSet, Sequence[int]]],
        recipe: Recipe,
        preparations: Sequence[Preparation] = (),
        labelled: bool = True,
    ) -> None:
        alone = replace(recipe, batch=1, augment="none")
        self._examples = Examples(sets, alone, preparations, labelled, cache_bytes=CACHE_BYTES // 4)
        self._seed = recipe.seed

    def __len__(self) -> int:
        return len(self._examples)

    def losses(
        self, objective: Objective, lower: torch.dtype | None, numbers: Iterable[int] | None = None
    ) -> list[float]:
        """The objective's loss of each picture, one picture at a time, with the networks as they are in use.

        A picture's loss does not depend on which others are looked at, nor by which process. The learner is left in
        evaluation mode; `Objective.train` puts it back.

        Args:
            objective: whose loss.
            lower: what convolutions are computed in instead of float32, as in the training.
            numbers: of the pictures, counted from 0; all, in order, unless given.

        Raises:
            DataError: no picture can be used.
        """
        learner = objective.learner
        device = next(learner.parameters()).device
        learner.eval()
        losses = []
        with torch.no_grad(), computing_in(lower, device):
            for number, batch in batches_ahead(self._examples, range(len(self)) if numbers is None else numbers):
                seed_generators((self._seed * 1_000_003 + number) % 2**63)  # detectors draw proposals
                losses.append(float(objective.loss(batch)))
        return losses
