"""C1: one convolution and a classifier on the encoder's last map."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from jpegproof.models.ade20k.heads import DeeplySupervised, normed_conv


class C1(nn.Module):
    """The decoder of HRNetV2.

    Args:
        channels: of the encoder's maps.
        classes: number of classes.

    Source: keys and layout of CSAILVision/semantic-segmentation-pytorch.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__()
        self.cbr = normed_conv(channels[-1], channels[-1] // 4, 3)
        self.conv_last = nn.Conv2d(channels[-1] // 4, classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """See `Decoder`."""
        return self.conv_last(self.cbr(maps[-1]))

    def supervised_deeply(self, maps: Sequence[Tensor]) -> None:
        """See `Decoder`: there is none."""
        del maps


class SupervisedC1(DeeplySupervised):
    """The decoder of MobileNetV2: `C1` beside deep supervision.

    Args:
        channels: of the encoder's maps, two or more.
        classes: number of classes.

    Source: keys and layout of CSAILVision/semantic-segmentation-pytorch.
    """

    def __init__(self, channels: Sequence[int], classes: int) -> None:
        super().__init__(channels[-2], classes)
        self.cbr = normed_conv(channels[-1], channels[-1] // 4, 3)
        self.conv_last = nn.Conv2d(channels[-1] // 4, classes, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """See `Decoder`."""
        return self.conv_last(self.cbr(maps[-1]))
