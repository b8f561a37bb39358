"""Convolutions whose filters a quantisation table decides."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from jpegproof.jpeg.dct import BLOCK


class FilterManifold(nn.Module):
    """A convolutional filter manifold: a small network makes one 8x8 filter bank of each picture's table.

    Args:
        inputs: channels in.
        outputs: channels out.
        manifold: width of the small network.
        activated: whether a PReLU follows.

    Source: Ehrlich et al., ECCV 2020, section 4.1; names of the parts as in m3l's checkpoints.
    """

    def __init__(self, inputs: int, outputs: int, manifold: int, activated: bool = True) -> None:
        super().__init__()
        self.inputs, self.outputs = inputs, outputs
        self.manifold = nn.Sequential(
            nn.Conv2d(1, manifold, BLOCK), nn.PReLU(), nn.Conv2d(manifold, manifold, 1), nn.PReLU()
        )
        self.weight_transform = nn.ConvTranspose2d(manifold, outputs * inputs, BLOCK)
        self.bias_transfrom = nn.Conv2d(manifold, outputs, 1)  # so spelled in published checkpoints
        self.post_activation = nn.PReLU() if activated else None

    def forward(self, table: Tensor, x: Tensor) -> Tensor:
        """Filters each picture with its own bank; see the subclasses for the sizes.

        Args:
            table: (N, 1, 8, 8) quantisation steps / 255.
            x: (N, inputs, H, W).
        """
        place = self.manifold(table)
        answer = self._filtered(x, self.weight_transform(place)) + self.bias_transfrom(place)
        return answer if self.post_activation is None else self.post_activation(answer)

    def _filtered(self, x: Tensor, banks: Tensor) -> Tensor:
        raise NotImplementedError


class BlockLayer(FilterManifold):
    """From coefficients in place to one position per block: (N, inputs, H, W) to (N, outputs, H / 8, W / 8)."""

    def _filtered(self, x: Tensor, banks: Tensor) -> Tensor:
        count, _, height, width = x.shape
        # The pictures of a batch lie side by side as groups of one convolution, each with its own bank.
        filters = banks.reshape(count * self.outputs, self.inputs, BLOCK, BLOCK)
        answer = F.conv2d(x.reshape(1, -1, height, width), filters, stride=BLOCK, groups=count)
        return answer.unflatten(1, (count, self.outputs))[0]


class UnblockLayer(FilterManifold):
    """From one position per block back to coefficients in place: (N, inputs, h, w) to (N, outputs, 8 h, 8 w)."""

    def _filtered(self, x: Tensor, banks: Tensor) -> Tensor:
        count, _, height, width = x.shape
        filters = banks.reshape(count * self.inputs, self.outputs, BLOCK, BLOCK)
        answer = F.conv_transpose2d(x.reshape(1, -1, height, width), filters, stride=BLOCK, groups=count)
        return answer.unflatten(1, (count, self.outputs))[0]
