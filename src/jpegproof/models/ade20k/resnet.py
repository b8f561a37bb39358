"""CSAIL's ResNets: a stem of three convolutions, and perhaps dilated stages."""

from __future__ import annotations

from typing import Any

from timm.models.resnet import BasicBlock, Bottleneck, ResNet
from torch import Tensor

from jpegproof.models.ade20k.official_keys import keep_official_keys

#: Kind of block, blocks per stage.
_LAYOUTS: dict[int, tuple[Any, tuple[int, int, int, int]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
}

# timm keeps the stem's convolutions and all its norms but the last in one sequence.
_STEM = {"conv1.0": "conv1", "conv1.1": "bn1", "conv1.3": "conv2", "conv1.4": "bn2", "conv1.6": "conv3", "bn1": "bn3"}


class DeepStemResNet(ResNet):
    """timm's ResNet as the official encoder: the maps of its four stages.

    The stride of a block is on its 3x3 convolution. Dilated, the last two stages keep stride 8: the first 3x3 of each
    has the dilation of the stage before it (1 and 2), all others 2 and 4; timm dilates by the same rule.

    Args:
        depth: 18, 50 or 101.
        dilated: whether the maps of the last two stages stay at an eighth of the input.

    Source: keys and layout of CSAILVision/semantic-segmentation-pytorch.
    """

    def __init__(self, depth: int, dilated: bool) -> None:
        block, layers = _LAYOUTS[depth]
        super().__init__(
            block, layers, num_classes=0, output_stride=8 if dilated else 32, stem_type="deep", stem_width=64
        )
        #: Of the maps that `forward` answers with.
        self.channels = tuple(width * block.expansion for width in (64, 128, 256, 512))
        keep_official_keys(self, _official)

    def forward(self, x: Tensor) -> list[Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(N, 3, H, W) to four maps (N, channels, h, w), of stride 4, 8, and 16, 32 or, dilated, 8, 8."""
        x = self.maxpool(self.act1(self.bn1(self.conv1(x))))
        maps = []
        for number in range(1, 5):
            x = self.get_submodule(f"layer{number}")(x)
            maps.append(x)
        return maps


def _official(key: str) -> str:
    layer, _, leaf = key.rpartition(".")
    return f"{_STEM.get(layer, layer)}.{leaf}"
