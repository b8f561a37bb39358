"""A small autoencoder whose reconstructions are the fake half of a forensic data set."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

STRIDE = 8
"""Pixels of a picture along each side of one place of the code."""

REACH = 56
"""No pixel of a reconstruction depends on a pixel farther away than this along either side."""

_SLOPE = 0.2


class Autoencoder(nn.Module):
    """Strided convolutions to an eighth of the resolution and a narrow code; transposed convolutions back.

    Nothing in it looks at the whole picture, so a part of a picture is reconstructed as within the whole. The kernels
    of the transposed convolutions, 3 wide at a stride of 2, overlap unevenly: that leaves the periodic trace in what
    they make by which detectors of generated pictures go.

    Args:
        width: channels at half the resolution; twice as many at a quarter, four times at an eighth.
        code: channels of the code.

    Source: the trace is that of A. Odena, V. Dumoulin, C. Olah, Deconvolution and checkerboard artifacts, Distill 2016;
    the architecture is ours.
    """

    def __init__(self, width: int = 32, code: int = 32) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [
                nn.Conv2d(3, width, 4, stride=2, padding=1),
                nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
                nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1),
            ]
        )
        self.narrow = nn.Conv2d(4 * width, code, 1)
        self.widen = nn.Conv2d(code, 4 * width, 3, padding=1)
        self.refine = nn.ModuleList(nn.Conv2d(4 * width, 4 * width, 3, padding=1) for _ in range(2))
        self.up = nn.ModuleList(
            [
                nn.ConvTranspose2d(4 * width, 2 * width, 3, stride=2, padding=1, output_padding=1),
                nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1),
                nn.ConvTranspose2d(width, 3, 3, stride=2, padding=1, output_padding=1),
            ]
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of 8 -> the same size, about the same range, not clipped."""
        x = pictures
        for layer in self.down:
            x = _bent(layer(x))
        x = _bent(self.widen(self.narrow(x)))
        first, second = self.refine
        x = x + second(_bent(first(x)))
        to_quarter, to_half, to_picture = self.up
        return to_picture(_bent(to_half(_bent(to_quarter(x)))))


def _bent(x: Tensor) -> Tensor:
    return F.leaky_relu(x, _SLOPE)
