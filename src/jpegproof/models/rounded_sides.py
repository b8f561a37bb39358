"""The segmenters' usual way of resizing: by the shorter side, then each side up to a multiple the network can take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError
from jpegproof.models.preparation import IMAGENET_MEAN, IMAGENET_STD, ResizeCrop
from jpegproof.tasks.geometry import Geometry


@dataclass(frozen=True, slots=True)
class RoundedSides:
    """Resizes a whole picture to sides that are multiples of a number; nothing is cropped and nothing padded.

    Attributes:
        shortest: of the sides before rounding up, pixels; None keeps the picture's own size before rounding up.
        longest: what the other side may be before rounding up; a picture that would be longer becomes smaller as a
            whole; None for no limit.
        multiple: each side is rounded up to a multiple of it, so the aspect ratio changes a little.
        mean: per channel, in [0, 1].
        std: per channel, in [0, 1].

    Pillow's bilinear filter, 8 bits before and after. Source: CSAILVision/semantic-segmentation-pytorch, the
    evaluation's data set (``imgSizes``, ``imgMaxSize``, ``padding_constant``).
    """

    shortest: int | None = 450
    longest: int | None = 1000
    multiple: int = 8
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        """Raises ValueError where a field is not of its kind."""
        sides = [side for side in (self.shortest, self.longest, self.multiple) if side is not None]
        if any(not isinstance(side, int) or side < 1 for side in sides):
            raise ValueError(
                f"shortest={self.shortest!r}, longest={self.longest!r}, multiple={self.multiple!r}: sides are whole "
                "numbers of pixels from 1"
            )
        ResizeCrop(None, None, mean=self.mean, std=self.std)  # checks these two

    def changed(self, fields: Mapping[str, Any]) -> RoundedSides:
        """The same with a study file's fields of a preparation: ``resize`` (the shorter side), ``mean``, ``std``.

        Raises:
            ModelError: another field, or a shorter side that is no number.
        """
        resize = fields.get("resize", self.shortest)
        if set(fields) - {"resize", "mean", "std"} or not isinstance(resize, int | None):
            raise ModelError(
                "this model's pictures are resized by the shorter side to multiples of "
                f"{self.multiple}; of its preparation only resize: PIXELS, mean and std can be changed"
            )
        kept = {name: tuple(fields[name]) for name in ("mean", "std") if name in fields}
        return replace(self, shortest=resize, **kept)

    def frame(self, pixels: Pixels, stored: tuple[int, int] | None = None) -> tuple[Pixels, Geometry]:
        """See `Preparation.frame`."""
        source = stored or (pixels.shape[0], pixels.shape[1])
        height, width = self.framed_size(source)
        if height * width > MAX_PIXELS:
            raise UnusablePictureError(
                f"its {source[1]}x{source[0]} pixels would become {width}x{height} for the model"
            )
        return self._resize(source).frame(pixels, source)

    def normalise(self, framed: Pixels) -> torch.Tensor:
        """See `Preparation.normalise`."""
        return ResizeCrop(None, None, mean=self.mean, std=self.std).normalise(framed)

    def geometry(self, source: tuple[int, int]) -> Geometry:
        """See `Preparation.geometry`."""
        return self._resize(source).geometry(source)

    def framed_size(self, source: tuple[int, int]) -> tuple[int, int]:
        """See `Preparation.framed_size`."""
        scale = 1.0 if self.shortest is None else self.shortest / min(source)
        if self.longest is not None:
            scale = min(scale, self.longest / max(source))
        # Cut off, not rounded, as the official code does; at least one row and column of multiples is left.
        height, width = (-(-max(int(side * scale), 1) // self.multiple) * self.multiple for side in source)
        return height, width

    def seen(self, source: tuple[int, int]) -> tuple[int, int, int, int]:
        """See `Preparation.seen`."""
        return self._resize(source).seen(source)

    def differentiable(
        self, region: torch.Tensor, source: tuple[int, int] | None = None, origin: tuple[int, int] = (0, 0)
    ) -> torch.Tensor:
        """See `Preparation.differentiable`."""
        source = source or (region.shape[-2], region.shape[-1])
        return self._resize(source).differentiable(region, source, origin)

    def standardise(self, picture: torch.Tensor) -> torch.Tensor:
        """See `Preparation.standardise`."""
        return ResizeCrop(None, None, mean=self.mean, std=self.std).standardise(picture)

    def describe(self) -> Mapping[str, Any]:
        """See `Preparation.describe`."""
        return {"kind": "rounded_sides", **asdict(self)}

    def _resize(self, source: tuple[int, int]) -> ResizeCrop:
        """The way of a picture of this size."""
        return ResizeCrop(self.framed_size(source), None, mean=self.mean, std=self.std)
