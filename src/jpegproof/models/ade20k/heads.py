"""How decoders are asked, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor, nn


class Decoder(Protocol):
    """From an encoder's maps to class scores."""

    def __call__(self, maps: Sequence[Tensor]) -> Tensor:
        """(N, K, h, w) scores before softmax, from maps of increasing depth."""
        ...

    def supervised_deeply(self, maps: Sequence[Tensor]) -> Tensor | None:
        """(N, K, h, w) scores of the head that only training listens to; None where the network has none."""
        ...


class DeeplySupervised(nn.Module):
    """A decoder's head on the last map but one, which helps in training and is silent in use.

    Args:
        channels: of that map.
        classes: number of classes.
        dropout: share of its channels that training drops.
    """

    def __init__(self, channels: int, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.cbr_deepsup = normed_conv(channels, channels // 2, 3)
        self.dropout_deepsup = nn.Dropout2d(dropout)
        self.conv_last_deepsup = nn.Conv2d(channels // 2, classes, 1)

    def supervised_deeply(self, maps: Sequence[Tensor]) -> Tensor:
        """See `Decoder`."""
        return self.conv_last_deepsup(self.dropout_deepsup(self.cbr_deepsup(maps[-2])))


def normed_conv(channels_in: int, channels_out: int, kernel: int) -> nn.Sequential:
    """A convolution without bias that keeps the size, a norm over the batch, and ReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    )
