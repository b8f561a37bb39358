"""QGAC, the network of *Quantization Guided JPEG Artifact Correction*."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jpegproof.correctors.qgac.doubling import Doubling, doubled_as_published, doubled_in_pixels
from jpegproof.correctors.qgac.filter_manifold import BlockLayer, UnblockLayer
from jpegproof.correctors.qgac.residual_dense import ResidualDense
from jpegproof.jpeg.dct import BLOCK, from_blocks, to_blocks

_MANIFOLD = 64
_FREQUENCIES = BLOCK * BLOCK


class _ByFrequency(nn.Module):
    """(N, C, 8 h, 8 w) to (N, 64 C, h, w): all C features of the first frequency, then those of the second, ..."""

    def forward(self, x: Tensor) -> Tensor:
        return to_blocks(x).permute(0, 4, 5, 1, 2, 3).flatten(1, 3)


class _InPlace(nn.Module):
    """The inverse of `_ByFrequency`."""

    def forward(self, x: Tensor) -> Tensor:
        return from_blocks(x.unflatten(1, (BLOCK, BLOCK, -1)).permute(0, 3, 4, 5, 1, 2))


class _FrequencyConvolution(nn.Module):
    """A 3x3 convolution in 64 groups, from and to so many features of each frequency."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(inputs * _FREQUENCIES, outputs * _FREQUENCIES, 3, padding=1, groups=_FREQUENCIES)

    def forward(self, x: Tensor) -> Tensor:
        return self.filter(x)


class _Net(nn.Module):
    """A sequence under the name that it has in checkpoints."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.net = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class _BlockNet(nn.Module):
    """Coefficients in place to 64 features of each, by way of one position per block."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.block = BlockLayer(inputs, width, _MANIFOLD)
        self.block_enhancer = nn.Sequential(ResidualDense(width))
        self.unblock = UnblockLayer(width, 64, _MANIFOLD)

    def forward(self, table: Tensor, x: Tensor) -> Tensor:
        return self.unblock(table, self.block_enhancer(self.block(table, x)))


class _ColourNet(nn.Module):
    """The correction of one chroma plane, (N, 1, H / 2, W / 2) to (N, 1, H, W), guided by the restored luma."""

    def __init__(self) -> None:
        super().__init__()
        self.block_c = BlockLayer(1, 32, _MANIFOLD)
        self.block_enhancer = nn.Sequential(ResidualDense(32))
        self.block_doubler = nn.Sequential(nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1), nn.PReLU())
        self.block_y = BlockLayer(1, 32, _MANIFOLD)
        self.block_enhancer2 = nn.Sequential(ResidualDense(64))
        self.unblock = UnblockLayer(64, 1, _MANIFOLD)

    def forward(self, luma_table: Tensor, luma: Tensor, chroma_table: Tensor, chroma: Tensor) -> Tensor:
        fine = self.block_doubler(self.block_enhancer(self.block_c(chroma_table, chroma)))
        together = torch.cat([fine, self.block_y(luma_table, luma)], dim=1)
        return self.unblock(chroma_table, self.block_enhancer2(together))


class QgacClassic(nn.Module):
    """Restores coefficients: luma by blocks, by frequencies and by blocks again; then each chroma plane by itself.

    259 million parameters, most of them in the layers that make filters of the tables; 0.95 million multiply-adds per
    pixel (0.90 million of grey), 48 billion at 224x224. The frequency part joins features without regrouping them, so
    that from its second convolution on a group holds several frequencies: so it was published, and so weights need it.

    Args:
        colour: whether it has the part for chroma; without, chroma is doubled in pixels and left alone.
        repaired: as `QgacCrab`'s.
        width: channels of the parts that work on blocks of luma; 256 in published ones.

    Source: QGAC of Queuecumber/m3l, whose checkpoints' keys are those of this module. The weights of the first release
    have other names and cannot be read.
    """

    def __init__(self, colour: bool = True, repaired: bool = False, width: int = 256) -> None:
        super().__init__()
        self.doubling: Doubling = doubled_in_pixels if repaired or not colour else doubled_as_published
        self.blocks_encode = _BlockNet(1, width)
        self.frequencynet = _Net(
            _ByFrequency(),
            _FrequencyConvolution(64, 4),
            nn.PReLU(),
            ResidualDense(4, _FrequencyConvolution),
            _FrequencyConvolution(4, 64),
            nn.PReLU(),
            _InPlace(),
        )
        self.blocks_decode = _BlockNet(64, width)
        self.fusion = _Net(
            _ByFrequency(),
            _FrequencyConvolution(192, 4),
            nn.PReLU(),
            _FrequencyConvolution(4, 4),
            nn.PReLU(),
            _FrequencyConvolution(4, 1),
            _InPlace(),
        )
        self.color_net = _ColourNet() if colour else None

    def forward(self, luma_table: Tensor, luma: Tensor, chroma_table: Tensor, chroma: Tensor | None) -> Tensor:
        """As `QgacCrab.forward`."""
        encoded = self.blocks_encode(luma_table, luma)
        frequencies = self.frequencynet(encoded)
        decoded = self.blocks_decode(luma_table, frequencies)
        restored = luma + self.fusion(torch.cat([decoded, frequencies, encoded], dim=1))
        if chroma is None:
            return restored
        planes = [restored]
        for plane, name in zip(chroma.split(1, dim=1), ("cb", "cr"), strict=True):
            doubled = self.doubling(plane, (name,))
            if self.color_net is not None:
                doubled = doubled + self.color_net(luma_table, restored, chroma_table, plane)
            planes.append(doubled)
        return torch.cat(planes, dim=1)
