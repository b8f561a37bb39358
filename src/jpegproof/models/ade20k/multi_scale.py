"""The official multi-scale test: a picture looked at in several sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from jpegproof.jpeg.codec import Pixels
from jpegproof.models.ade20k.scene_parser import SceneParser
from jpegproof.models.detectors.adapter import Adapter
from jpegproof.models.rounded_sides import RoundedSides
from jpegproof.models.segmenters.score_maps import class_map

#: The official shorter sides.
OFFICIAL_SIZES = (300, 375, 450, 525, 600)


class MultiScale(Adapter):
    """A network that resizes by itself: probabilities are averaged over the scales, at the stored picture's size.

    Images are (3, H, W) RGB in [0, 1] as they are stored, of 8 bits a channel, or with gradients; Pillow resizes what
    is looked at in use. What training compares and learns from is one scale alone, resized differentiably: five would
    cost five times as much, and gradients are not averaged in the official training either.

    Args:
        network: one of this package's.
        scales: how the picture is resized for each scale.
        learning: and for training.
    """

    def __init__(self, network: SceneParser, scales: Sequence[RoundedSides], learning: RoundedSides) -> None:
        super().__init__(network)
        self._parser = network
        self._scales = tuple(scales)
        self._learning = learning

    def class_maps(self, images: Sequence[Tensor], sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """See `Segmenter`; picture by picture, since all scales of one are in memory at once."""
        return [class_map(self.scores(image), size) for image, size in zip(images, sizes, strict=True)]

    def scores(self, image: Tensor) -> list[Tensor]:
        """A picture's (K, h, w) class scores before softmax, at each scale's own resolution."""
        pixels = _eight_bits(image)
        framed = (scale.normalise(scale.frame(pixels)[0]) for scale in self._scales)
        return [self._parser(one[None].to(image.device))[0] for one in framed]

    def logits(self, images: Sequence[Tensor]) -> list[Tensor]:
        """See `Segmenter`; of the scale that is learned from."""
        return self._parser.logits(self._resized(images))

    def losses(self, images: Sequence[Tensor], targets: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """See `SceneParser`; of the scale that is learned from."""
        return self._parser.losses(self._resized(images), targets)

    def _resized(self, images: Sequence[Tensor]) -> list[Tensor]:
        return [self._learning.differentiable(image) for image in images]


def _eight_bits(image: Tensor) -> Pixels:
    levels = (image.detach() * 255).round().clamp(0, 255).to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()
