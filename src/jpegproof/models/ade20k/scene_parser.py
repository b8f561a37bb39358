"""An encoder and a decoder as a `Segmenter`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from jpegproof.models.ade20k.heads import Decoder
from jpegproof.models.segmenters.label_loss import label_loss, labels_at
from jpegproof.models.segmenters.score_maps import class_map
from jpegproof.models.segmenters.stacks import stacks

#: What the deep supervision's loss counts for beside the main one.
DEEP_SHARE = 0.4


class SceneParser(nn.Module):
    """One of the seven networks.

    Images are (3, H, W) RGB as `RoundedSides` makes them: the whole picture, normalised by ImageNet's mean and
    deviation. Images of one size go through the network together.

    Args:
        encoder: from (N, 3, H, W) to a list of maps.
        decoder: a `Decoder`.

    Source: B. Zhou et al., Semantic understanding of scenes through the ADE20K dataset, 2018; layout, losses and
    constants of CSAILVision/semantic-segmentation-pytorch.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, pixels: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, K, h, w) class scores before softmax, at a quarter or an eighth of the size."""
        return self.decoder(self.encoder(pixels))

    def class_maps(self, images: Sequence[Tensor], sizes: Sequence[tuple[int, int]]) -> list[Tensor]:
        """See `Segmenter`: the scores are resized to the stored picture's size, and the greatest is taken."""
        return [class_map([scores], size) for scores, size in zip(self.logits(images), sizes, strict=True)]

    def logits(self, images: Sequence[Tensor]) -> list[Tensor]:
        """See `Segmenter`: of the main head."""
        found: dict[int, Tensor] = {}
        for places, pixels in stacks(images):
            found |= zip(places, self(pixels), strict=True)
        return [found[place] for place in range(len(images))]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Tensor]) -> Mapping[str, Tensor]:
        """See `Segmenter`: ``cross_entropy``, and ``deep_supervision`` (counted `DEEP_SHARE`) where it has that head.

        Labels are brought to the resolution of the scores; see `labels_at`.

        Raises:
            ModelError: a label is no class of the network.
        """
        heads: dict[str, list[Any]] = {"cross_entropy": [], "deep_supervision": []}
        for places, pixels in stacks(images):
            maps = self.encoder(pixels)
            deep = cast(Decoder, self.decoder).supervised_deeply(maps)
            for scores, pairs in zip((self.decoder(maps), deep), heads.values(), strict=True):
                if scores is not None:
                    wanted = [labels_at(targets[place], pixels.shape[-2:], scores.shape[-2:]) for place in places]
                    pairs.append((scores, torch.stack(wanted).to(scores.device)))
        losses = {name: label_loss(pairs) for name, pairs in heads.items() if pairs}
        if "deep_supervision" in losses:
            losses["deep_supervision"] = DEEP_SHARE * losses["deep_supervision"]
        return losses
