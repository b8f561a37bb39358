"""The detectors' usual way of resizing: by the shorter side, but no longer than a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError
from jpegproof.models.preparation import ResizeCrop
from jpegproof.tasks.geometry import Geometry


@dataclass(frozen=True, slots=True)
class ShortestSide:
    """Resizes a picture as Detectron2 does, and leaves it in [0, 1]; its networks do the rest themselves.

    Attributes:
        shortest: of the resized picture's sides, pixels.
        longest: what the other side may be; a picture that would be longer becomes smaller as a whole.

    Pillow's bilinear filter, 8 bits before and after. Source: facebookresearch/detectron2, ``ResizeShortestEdge``.
    """

    shortest: int = 800
    longest: int = 1333

    def __post_init__(self) -> None:
        """Raises ValueError where a field is not of its kind."""
        if any(not isinstance(side, int) or side < 1 for side in (self.shortest, self.longest)):
            raise ValueError(
                f"shortest={self.shortest!r}, longest={self.longest!r}: sides are whole numbers of pixels from 1"
            )

    def changed(self, fields: Mapping[str, Any]) -> ShortestSide:
        """The same with a study file's fields of a preparation, of which it knows ``resize``: the shorter side.

        Raises:
            ModelError: other fields.
        """
        if fields.keys() - {"resize"} or not isinstance(fields.get("resize", 1), int):
            raise ModelError(
                f"preparation: this model's pictures are resized by the shorter side and not cropped ({self}); it "
                "takes resize: PIXELS alone"
            )
        return replace(self, shortest=fields.get("resize", self.shortest))

    def frame(self, pixels: Pixels, stored: tuple[int, int] | None = None) -> tuple[Pixels, Geometry]:
        """See `Preparation.frame`."""
        source = stored or (pixels.shape[0], pixels.shape[1])
        height, width = self.framed_size(source)
        if min(height, width) < 1 or height * width > MAX_PIXELS:
            raise UnusablePictureError(
                f"its {source[1]}x{source[0]} pixels would become {width}x{height} for the model"
            )
        return self._resize(source).frame(pixels, source)

    def normalise(self, framed: Pixels) -> torch.Tensor:
        """See `Preparation.normalise`."""
        return _UNCHANGED.normalise(framed)

    def geometry(self, source: tuple[int, int]) -> Geometry:
        """See `Preparation.geometry`."""
        return self._resize(source).geometry(source)

    def framed_size(self, source: tuple[int, int]) -> tuple[int, int]:
        """See `Preparation.framed_size`."""
        scale = self.shortest / min(source)
        # The shorter side is `shortest` exactly, whatever the division loses.
        height, width = (float(self.shortest) if side == min(source) else side * scale for side in source)
        if max(height, width) > self.longest:
            scale = self.longest / max(height, width)
            height, width = height * scale, width * scale
        return int(height + 0.5), int(width + 0.5)

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
        """See `Preparation.standardise`; nothing is left to do."""
        return picture

    def describe(self) -> Mapping[str, Any]:
        """See `Preparation.describe`."""
        return {"kind": "shortest_side", "shortest": self.shortest, "longest": self.longest}

    def _resize(self, source: tuple[int, int]) -> ResizeCrop:
        """The way of a picture of this size."""
        height, width = self.framed_size(source)
        return ResizeCrop((max(height, 1), max(width, 1)), None, mean=_UNCHANGED.mean, std=_UNCHANGED.std)


_UNCHANGED = ResizeCrop(None, None, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
