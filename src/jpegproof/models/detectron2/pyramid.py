"""The feature pyramid: the backbone's maps, each told what the coarser ones know."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from jpegproof.models.detectron2.resnet import CHANNELS, ResNet50

#: Channels of every level.
WIDTH = 256


def conv(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution with bias that keeps the size (but for the stride), initialised as Detectron2's pyramid."""
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2)
    nn.init.kaiming_uniform_(layer.weight, a=1)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return layer


class TopBlock(nn.Module):
    """RetinaNet's two coarsest levels, made of the backbone's last map."""

    def __init__(self) -> None:
        super().__init__()
        self.p6 = conv(CHANNELS["res5"], WIDTH, 3, stride=2)
        self.p7 = conv(WIDTH, WIDTH, 3, stride=2)

    def forward(self, res5: Tensor) -> dict[str, Tensor]:
        """``p6`` and ``p7``, each half as large as the one before."""
        p6 = self.p6(res5)
        return {"p6": p6, "p7": self.p7(F.relu(p6))}


class Pyramid(nn.Module):
    """ResNet-50 with a feature pyramid.

    Args:
        finest: 2 for the R-CNNs (p2 .. p6, p6 being every second pixel of p5); 3 for RetinaNet (p3 .. p7, p6 and p7
            being convolutions).

    Source: Lin et al., "Feature Pyramid Networks for Object Detection", 2017, section 3; facebookresearch/detectron2.
    """

    def __init__(self, finest: int) -> None:
        super().__init__()
        self.bottom_up = ResNet50()
        self._levels = tuple(range(finest, 6))
        for level in self._levels:
            self.add_module(f"fpn_lateral{level}", conv(CHANNELS[f"res{level}"], WIDTH, 1))
            self.add_module(f"fpn_output{level}", conv(WIDTH, WIDTH, 3))
        self.top_block = TopBlock() if finest > 2 else None

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W), sides multiples of 32, to (N, 256, H / 2^L, W / 2^L) by level ``pL``, finest first."""
        stages = self.bottom_up(pixels)
        maps: dict[str, Tensor] = {}
        above: Tensor | None = None
        for level in reversed(self._levels):
            sum_ = self.get_submodule(f"fpn_lateral{level}")(stages[f"res{level}"])
            if above is not None:
                sum_ = sum_ + F.interpolate(above, scale_factor=2.0, mode="nearest")
            maps[f"p{level}"] = self.get_submodule(f"fpn_output{level}")(sum_)
            above = sum_
        maps = dict(reversed(maps.items()))
        if self.top_block is not None:
            return {**maps, **self.top_block(stages["res5"])}
        return {**maps, "p6": maps["p5"][:, :, ::2, ::2]}
