"""PSPNet's pyramid pooling, with deep supervision."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from jpegproof.models.ade20k.heads import DeeplySupervised, normed_conv
from jpegproof.models.ade20k.resize import resized

#: Into so many places along each side the last map is pooled.
POOLED = (1, 2, 3, 6)
_WIDTH = 512
_DROPOUT = 0.1


class PyramidPooling(DeeplySupervised):
    """The decoder of the dilated ResNets: what is pooled is convolved, then resized.

    Args:
        channels: of the encoder's maps, two or more.
        classes: number of classes.

    Source: H. Zhao et al., Pyramid scene parsing network, CVPR 2017; keys, layout and constants of
    CSAILVision/semantic-segmentation-pytorch.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__(channels[-2], classes, _DROPOUT)
        self.ppm = nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(places), *normed_conv(channels[-1], _WIDTH, 1)) for places in POOLED
        )
        self.conv_last = nn.Sequential(
            *normed_conv(channels[-1] + len(POOLED) * _WIDTH, _WIDTH, 3),
            nn.Dropout2d(_DROPOUT),
            nn.Conv2d(_WIDTH, classes, 1),
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """See `Decoder`."""
        last = maps[-1]
        return self.conv_last(torch.cat([last, *(resized(pool(last), last) for pool in self.ppm)], dim=1))
