"""QGAC-CRAB, the network of the study *Analyzing and Mitigating JPEG Compression Defects in Deep Learning*."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jpegproof.correctors.qgac.doubling import Doubling, doubled_as_published, doubled_in_pixels
from jpegproof.correctors.qgac.filter_manifold import BlockLayer, UnblockLayer
from jpegproof.correctors.qgac.residual_dense import ResidualDense

_MANIFOLD = 16


class QgacCrab(nn.Module):
    """Restores coefficients: luma first, then chroma at full size, guided by the restored luma.

    82.6 million parameters; 1.27 million multiply-adds per pixel (1.24 million of grey), 64 billion at 224x224.

    Args:
        repaired: whether chroma is doubled in pixels (`doubled_in_pixels`), for training anew, instead of the
            published way that published weights need.
        width: channels of the luma part; 256 in published ones.

    Source: QGACCrab of Queuecumber/m3l, whose checkpoints' keys are those of this module.
    """

    def __init__(self, repaired: bool = False, width: int = 256) -> None:
        super().__init__()
        self.doubling: Doubling = doubled_in_pixels if repaired else doubled_as_published
        self.block_y = BlockLayer(1, width, _MANIFOLD)
        self.block_enhancer_y = nn.Sequential(*(ResidualDense(width) for _ in range(3)))
        self.unblock_y = UnblockLayer(width, 1, _MANIFOLD, activated=False)
        self.block_c = BlockLayer(2, 32, _MANIFOLD)
        self.block_enhancer_lr = ResidualDense(32)
        self.block_doubler = nn.Sequential(nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1), nn.PReLU())
        self.block_guide = BlockLayer(1, 32, manifold=64)
        self.block_enhancer_hr = ResidualDense(64)
        self.unblock_c = UnblockLayer(64, 2, _MANIFOLD, activated=False)

    def forward(self, luma_table: Tensor, luma: Tensor, chroma_table: Tensor, chroma: Tensor | None) -> Tensor:
        """Restored coefficients, normalised as `jpegproof.correctors.qgac.normalisation` says.

        Args:
            luma_table: (N, 1, 8, 8) steps / 255.
            luma: (N, 1, H, W) normalised coefficients in place, H and W multiples of 16.
            chroma_table: as `luma_table`, for both chroma planes.
            chroma: (N, 2, H / 2, W / 2) Cb and Cr; None for grey pictures.

        Returns:
            (N, 3, H, W), or (N, 1, H, W) of a grey picture.
        """
        restored = luma + self.unblock_y(luma_table, self.block_enhancer_y(self.block_y(luma_table, luma)))
        if chroma is None:
            return restored
        coarse = self.block_enhancer_lr(self.block_c(chroma_table, chroma))
        guide = self.block_guide(luma_table, restored)
        fine = self.block_enhancer_hr(torch.cat([guide, self.block_doubler(coarse)], dim=1))
        doubled = self.doubling(chroma, ("cb", "cr"))
        return torch.cat([restored, doubled + self.unblock_c(chroma_table, fine)], dim=1)
