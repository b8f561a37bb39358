"""ResNet-50 as MSRA published it: strides on the first 1x1 convolution of a block, frozen statistics."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops.misc import FrozenBatchNorm2d

_BLOCKS = {"res2": 3, "res3": 4, "res4": 6, "res5": 3}

#: Channels of each stage's map.
CHANNELS = {"res2": 256, "res3": 512, "res4": 1024, "res5": 2048}

# Statistics that are frozen cannot tame random weights; these keep the maps at a sane scale until a checkpoint is
# loaded, which replaces them: the variance of the first convolution of pictures, and small residual branches.
_RANDOM_STEM_VARIANCE = 340.0
_RANDOM_BRANCH = 0.2


class NormedConv(nn.Conv2d):
    """A convolution without bias, followed by a batch norm whose statistics are frozen (eps 1e-5)."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, **options: Any) -> None:
        super().__init__(channels_in, channels_out, kernel, bias=False, **options)
        nn.init.kaiming_normal_(self.weight, mode="fan_out", nonlinearity="relu")
        self.norm = FrozenBatchNorm2d(channels_out)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (the name in torch's own signature)
        """(N, C, H, W) to (N, channels_out, H', W')."""
        return self.norm(super().forward(input))


class Bottleneck(nn.Module):
    """1x1 (with the stride), 3x3, 1x1, beside a shortcut; a quarter of the channels inside."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        inside = channels_out // 4
        self.conv1 = NormedConv(channels_in, inside, 1, stride=stride)
        self.conv2 = NormedConv(inside, inside, 3, padding=1)
        self.conv3 = NormedConv(inside, channels_out, 1)
        self.conv3.norm.get_buffer("weight").fill_(_RANDOM_BRANCH)
        self.shortcut = NormedConv(channels_in, channels_out, 1, stride=stride) if channels_in != channels_out else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, channels_out, H / stride, W / stride)."""
        branch = self.conv3(F.relu_(self.conv2(F.relu_(self.conv1(x)))))
        return F.relu_(branch + (x if self.shortcut is None else self.shortcut(x)))


class Stem(nn.Module):
    """7x7 with stride 2, then max pooling: to a quarter of the size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = NormedConv(3, 64, 7, stride=2, padding=3)
        self.conv1.norm.get_buffer("running_var").fill_(_RANDOM_STEM_VARIANCE)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, 64, H / 4, W / 4)."""
        return F.max_pool2d(F.relu_(self.conv1(x)), kernel_size=3, stride=2, padding=1)


class ResNet50(nn.Module):
    """The backbone: maps of strides 4, 8, 16 and 32.

    All of it learns where the caller lets it. Detectron2 keeps the stem and the first stage frozen; here they are not,
    since it is the first layers that JPEG's blocks upset.

    Source: keys and layout of facebookresearch/detectron2 (``STRIDE_IN_1X1``, ``FrozenBN``).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem()
        channels = 64
        for name, blocks in _BLOCKS.items():
            wide = CHANNELS[name]
            first = Bottleneck(channels, wide, stride=1 if name == "res2" else 2)
            self.add_module(name, nn.Sequential(first, *(Bottleneck(wide, wide, 1) for _ in range(blocks - 1))))
            channels = wide

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W), sides multiples of 32, to ``res2`` .. ``res5``: (N, CHANNELS[name], H / 4 .. H / 32, ...)."""
        x = self.stem(x)
        maps = {}
        for name in _BLOCKS:
            x = maps[name] = self.get_submodule(name)(x)
        return maps
