"""Pillow's resize and a centre crop as two matrix products whose matrices a graph builds from the picture's size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from jpegproof.exceptions import ModelError
from jpegproof.models.huggingface.frames import FlooredCrop
from jpegproof.models.preparation import Preparation, ResizeCrop
from jpegproof.models.resampling import SUPPORT


class GraphPreparation(nn.Module):
    """A `ResizeCrop` that can be exported: every number that depends on the picture's size is a tensor.

    An exported antialiased resize has differed from PyTorch's own, so there is none in the graph. Against Pillow only
    its rounding to 8 bits between and after the two passes is missing.

    Args:
        preparation: with a crop, or a resize to a fixed pair, so that the input's size is known.

    Raises:
        ModelError: the size of the model's input depends on the picture, or the preparation is of another kind.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, preparation: Preparation) -> None:
        super().__init__()
        fixed = fixed_size(preparation)
        if fixed is None or not isinstance(preparation, ResizeCrop):
            raise ModelError(
                "a graph from pixels to the answer needs an input of a fixed size, by a crop or a resize to height and "
                f"width, and this model's is {preparation}; export with corrector_only, or as safetensors alone"
            )
        self.size = fixed
        self._resize = preparation.resize
        self._crops = preparation.crop is not None
        self._filter = preparation.interpolation
        self._floors = isinstance(preparation, FlooredCrop)
        self.register_buffer("mean", torch.tensor(preparation.mean)[:, None, None])
        self.register_buffer("std", torch.tensor(preparation.std)[:, None, None])

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) float32 in [0, 1] of one size -> (N, 3, h, w), resized, cropped and normalised."""
        height, width = _sides(pictures)
        resized = self.resized(height, width)
        down, across = (
            self._matrix(source, wanted, count, pictures.shape[axis])
            for source, wanted, count, axis in zip((height, width), resized, self.size, (2, 3), strict=True)
        )
        # Pillow's 8 bits hold nothing beyond black and white after either pass, where some filters overshoot.
        framed = (down @ (pictures @ across.T).clamp(0.0, 1.0)).clamp(0.0, 1.0)
        return (framed - self.mean) / self.std

    def resized(self, height: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
        """The sides after resizing, before cropping; all () int64."""
        if self._resize is None:
            return height, width
        if isinstance(self._resize, tuple):
            return torch.full_like(height, self._resize[0]), torch.full_like(width, self._resize[1])
        shorter = torch.minimum(height, width)
        return height * self._resize // shorter, width * self._resize // shorter

    def downscale(self, pictures: Tensor) -> Tensor:
        """`Geometry.downscale`: () float32."""
        height, width = _sides(pictures)
        high, wide = self.resized(height, width)
        ratio = (height.double() / high.double()) * (width.double() / wide.double())
        return ratio.sqrt().clamp(min=1.0).float()

    def _matrix(self, source: Tensor, resized: Tensor, count: int, length: int) -> Tensor:
        """(count, length) float32: what the rows of the window are made of; see `resampling_rows`."""
        first = self._first(resized, count) if self._crops else torch.zeros_like(resized)
        rows = first + torch.arange(count)
        places = torch.arange(length).double()
        scale = source.double() / resized.double()
        centres = ((rows.double() + 0.5) * scale)[:, None]
        if self._filter == "nearest":
            weights = (places == torch.minimum(centres.floor(), source.double() - 1)).double()
        else:
            stretch = scale.clamp(min=1.0)
            reach = SUPPORT[self._filter] * stretch
            begin = (centres - reach + 0.5).clamp(min=0).floor()
            end = torch.minimum((centres + reach + 0.5).floor(), source.double())
            weights = _FILTERS[self._filter]((places - centres + 0.5) / stretch)
            weights = weights * ((places >= begin) & (places < end)).double()
            total = weights.sum(dim=1, keepdim=True)
            weights = weights / torch.where(total == 0, torch.ones_like(total), total)
        # Beyond the picture the window is black.
        inside = (rows >= 0) & (rows < resized)
        return (weights * inside[:, None].double()).float()

    def _first(self, resized: Tensor, kept: int) -> Tensor:
        """Where the window begins; torchvision rounds cropping and padding differently, see `ResizeCrop`."""
        spare = resized - kept
        below = torch.div(spare, 2, rounding_mode="floor")
        if self._floors:
            return below
        odd = spare - 2 * below
        even = below + odd * (below - 2 * torch.div(below, 2, rounding_mode="floor"))
        return torch.where(spare >= 0, even, -torch.div(-spare, 2, rounding_mode="floor"))


def fixed_size(preparation: Preparation) -> tuple[int, int] | None:
    """(H, W) of a model's input where no picture changes it; None where it depends on the picture."""
    if not isinstance(preparation, ResizeCrop):
        return None
    if preparation.crop is not None:
        return preparation.crop[0], preparation.crop[1]
    return preparation.resize if isinstance(preparation.resize, tuple) else None


def _sides(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """(H, W) of pictures, () int64 each, as tensors: a graph that branches on numbers would know one size alone."""
    height, width = pictures.shape[2], pictures.shape[3]
    return torch.full((), height, dtype=torch.int64), torch.full((), width, dtype=torch.int64)


def _bilinear(x: Tensor) -> Tensor:
    return (1 - x.abs()).clamp(min=0)


def _bicubic(x: Tensor) -> Tensor:
    """Keys' cubic with a = -0.5, Pillow's choice."""
    a, x = -0.5, x.abs()
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return torch.where(x < 1, near, torch.where(x < 2, far, torch.zeros_like(x)))


def _lanczos(x: Tensor) -> Tensor:
    return torch.where(x.abs() < 3, _sinc(x) * _sinc(x / 3), torch.zeros_like(x))


def _sinc(x: Tensor) -> Tensor:
    angle = torch.where(x == 0, torch.ones_like(x), x) * torch.pi
    return torch.where(x == 0, torch.ones_like(x), angle.sin() / angle)


_FILTERS = {"bilinear": _bilinear, "bicubic": _bicubic, "lanczos": _lanczos}
