"""UPerNet: pyramid pooling on top of a feature pyramid."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from jpegproof.models.ade20k.heads import normed_conv
from jpegproof.models.ade20k.pyramid_pooling import POOLED
from jpegproof.models.ade20k.resize import resized

_WIDTH = 512


class UPerNet(nn.Module):
    """The decoder of the ResNets that are not dilated: what is pooled is resized, then convolved.

    Args:
        channels: of the encoder's four maps.
        classes: number of classes.

    Source: T. Xiao et al., Unified perceptual parsing for scene understanding, ECCV 2018; keys, layout and constants
    of CSAILVision/semantic-segmentation-pytorch.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        *finer, last = channels
        self.ppm_conv = nn.ModuleList(normed_conv(last, _WIDTH, 1) for _ in POOLED)
        self.ppm_last_conv = normed_conv(last + len(POOLED) * _WIDTH, _WIDTH, 3)
        self.fpn_in = nn.ModuleList(normed_conv(wide, _WIDTH, 1) for wide in finer)
        self.fpn_out = nn.ModuleList(nn.Sequential(normed_conv(_WIDTH, _WIDTH, 3)) for _ in finer)
        self.conv_last = nn.Sequential(
            normed_conv(len(channels) * _WIDTH, _WIDTH, 3), nn.Conv2d(_WIDTH, classes, kernel_size=1)
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """See `Decoder`: at the resolution of the first map."""
        *finer, last = maps
        pooled = [resized(F.adaptive_avg_pool2d(last, places), last) for places in POOLED]
        convolved = [convolution(map_) for convolution, map_ in zip(self.ppm_conv, pooled, strict=True)]
        coarser = self.ppm_last_conv(torch.cat([last, *convolved], dim=1))
        pyramid = [coarser]
        for map_, enter, leave in zip(reversed(finer), reversed(self.fpn_in), reversed(self.fpn_out), strict=True):
            # What is handed down is the plain sum; only what leaves the pyramid is smoothed.
            coarser = enter(map_) + resized(coarser, map_)
            pyramid.insert(0, leave(coarser))
        return self.conv_last(torch.cat([resized(level, pyramid[0]) for level in pyramid], dim=1))

    def supervised_deeply(self, maps: Sequence[Tensor]) -> None:
        """See `Decoder`: there is none."""
        del maps
