"""MobileNetV2 at an eighth of the input's size, without its last convolution."""

from __future__ import annotations

from timm.models.efficientnet import mobilenetv2_100
from torch import Tensor, nn

from jpegproof.models.ade20k.official_keys import keep_official_keys

#: After which of the 18 parts the maps are taken.
_TAKEN = (2, 4, 7, 14, 17)

# The place of a block's parts in the official sequence: with the expanding convolution, and of the one without it.
_BLOCK = {"conv_pw": "0", "bn1": "1", "conv_dw": "3", "bn2": "4", "conv_pwl": "6", "bn3": "7"}
_FIRST_BLOCK = {"conv_dw": "0", "bn1": "1", "conv_pw": "3", "bn2": "4"}


class DilatedMobileNet(nn.Module):
    """timm's MobileNetV2 as the official encoder: five maps, the last two for the decoder.

    Parts 7 and 14 lose their stride, and the parts after them are dilated by 2 and 4; timm dilates by the same rule.

    Source: keys and layout of CSAILVision/semantic-segmentation-pytorch.
    """

    #: Of the maps that `forward` answers with.
    channels = (24, 32, 64, 160, 320)

    def __init__(self) -> None:
        super().__init__()
        body = mobilenetv2_100(output_stride=8)
        blocks = [block for stage in body.blocks for block in stage]
        self.features = nn.ModuleList([nn.Sequential(body.conv_stem, body.bn1), *blocks])
        keep_official_keys(self, _official)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) to five maps (N, channels, h, w): of stride 4, and four of stride 8."""
        maps = []
        for number, part in enumerate(self.features):
            x = part(x)
            if number in _TAKEN:
                maps.append(x)
        return maps


def _official(key: str) -> str:
    """Such as ``features.2.conv_dw.weight`` to ``features.2.conv.3.weight``."""
    features, number, layer, leaf = key.split(".")
    if number == "0":
        return key
    place = (_FIRST_BLOCK if number == "1" else _BLOCK)[layer]
    return f"{features}.{number}.conv.{place}.{leaf}"
