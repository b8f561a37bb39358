"""Pictures that a training does not learn from: what the objective makes of them, comparable from look to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from jpegproof.data.picture_set import PictureSet
from jpegproof.models.preparation import Preparation
from jpegproof.training.examples import CACHE_BYTES, Examples, batches_ahead
from jpegproof.training.objective import Objective
from jpegproof.training.recipe import Recipe


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

    def losses(self, objective: Objective, half: bool, count: int | None = None) -> list[float]:
        """The objective's loss of each picture, in a fixed order, with the networks as they are in use.

        The learner is left in evaluation mode; `Objective.train` puts it back.

        Args:
            objective: whose loss.
            half: whether convolutions are computed in bfloat16, as in the training.
            count: of so many pictures only, the first ones; all unless given.

        Raises:
            DataError: no picture can be used.
        """
        learner = objective.learner
        device = next(learner.parameters()).device
        learner.eval()
        losses = []
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=half):
            for number, batch in batches_ahead(self._examples, 0, len(self) if count is None else count):
                torch.manual_seed((self._seed * 1_000_003 + number) % 2**63)  # detectors draw proposals
                losses.append(float(objective.loss(batch)))
        return losses
