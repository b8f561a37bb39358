"""Proposals of one's own, by any network that makes some on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from jpegproof.jpeg.codec import Pixels
from jpegproof.models.detectron2.proposal_table import PictureProposals
from jpegproof.models.preparation import Preparation


class Proposer(Protocol):
    """A network with a first stage."""

    def propose(self, images: Sequence[Tensor]) -> Sequence[tuple[Tensor, Tensor]]:
        """Of each (3, H, W) RGB image in [0, 1]: (P, 4) xyxy in its pixels, and (P,) objectness."""
        ...


def make_proposals(
    network: Proposer, preparation: Preparation, pictures: Iterable[tuple[str, Pixels]]
) -> Iterator[tuple[str, PictureProposals]]:
    """Proposes boxes for pictures, one at a time; give the result to `write_proposals`.

    Args:
        network: such as a `FasterRcnn`, in evaluation mode.
        preparation: from a picture to its input.
        pictures: name and (H, W, 3) uint8 pixels.

    Returns:
        Name and proposals in pixels of the picture.

    Raises:
        UnusablePictureError: the preparation cannot take a picture.
    """
    for name, pixels in pictures:
        framed, geometry = preparation.frame(pixels)
        with torch.inference_mode():
            ((boxes, logits),) = network.propose([preparation.normalise(framed)])
        source = geometry.to_source(boxes.cpu())
        yield name, PictureProposals(source.numpy().astype(np.float32), logits.cpu().numpy().astype(np.float32))
