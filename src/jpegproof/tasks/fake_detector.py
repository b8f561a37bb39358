"""The protocol of a detector of fake pictures: what the task asks of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch

#: What a label says of a picture.
REAL, FAKE = 0, 1

#: What labels are called, by number.
CLASS_NAMES = ("real", "fake")


class FakeDetector(Protocol):
    """A network that tells fake pictures from real ones, as a whole or patch by patch."""

    def patch_logits(self, images: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Per picture the (h, w) logits of its patches, differentiable: above 0 where fake is the likelier.

        The sigmoid of a logit is the probability that the patch is of a fake picture. A network that looks at the
        picture as a whole has one patch, h = w = 1; of one with two classes the logit of a patch is that of fake less
        that of real, since the sigmoid of the difference is their softmax.

        Args:
            images: (3, H, W) float32 each, as the model's preparation made them; sizes may differ.
        """
        ...
