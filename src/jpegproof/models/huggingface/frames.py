"""How the image processors of transformers frame a picture, where they differ from the classifiers' usual way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError
from jpegproof.models.preparation import IMAGENET_MEAN, IMAGENET_STD, Interpolation, ResizeCrop
from jpegproof.tasks.geometry import Geometry


@dataclass(frozen=True, slots=True)
class FlooredCrop(ResizeCrop):
    """`ResizeCrop` whose window begins at half of the difference rounded down, where torchvision rounds to even.

    Source: huggingface/transformers, ``image_transforms.center_crop``.
    """

    def describe(self) -> Mapping[str, Any]:
        """See `Preparation.describe`."""
        return {**ResizeCrop.describe(self), "kind": "floored_crop"}

    def _window(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        if self.crop is None:
            return 0, 0, *size
        top, left = ((length - kept) // 2 for length, kept in zip(size, self.crop, strict=True))
        return top, left, top + self.crop[0], left + self.crop[1]


@dataclass(frozen=True, slots=True)
class BoundedSides:
    """Resizes a whole picture by its shorter side, but no longer than a limit; nothing is cropped and nothing padded.

    Attributes:
        shortest: of the resized picture's sides, pixels.
        longest: what the other side may be; a picture that would be longer becomes smaller as a whole.
        interpolation: Pillow's filter.
        mean: per channel, in [0, 1].
        std: per channel, in [0, 1].

    Source: huggingface/transformers, ``image_transforms.get_size_with_aspect_ratio``: lengths are cut off, not rounded,
    but for the shorter side of a picture that is too long.
    """

    shortest: int = 800
    longest: int = 1333
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def changed(self, fields: Mapping[str, Any]) -> BoundedSides:
        """The same with a study file's fields of a preparation, all but ``crop``; ``resize`` is the shorter side.

        Raises:
            ModelError: another field, or a shorter side that is no number.
        """
        resize = fields.get("resize", self.shortest)
        if "crop" in fields or not isinstance(resize, int):
            raise ModelError(
                f"preparation: this model's pictures are resized by the shorter side and not cropped ({self}); it "
                "takes resize: PIXELS, interpolation, mean and std"
            )
        kept = {name: tuple(fields[name]) for name in ("mean", "std") if name in fields}
        return replace(self, shortest=resize, interpolation=fields.get("interpolation", self.interpolation), **kept)

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
        return ResizeCrop(None, None, mean=self.mean, std=self.std).normalise(framed)

    def geometry(self, source: tuple[int, int]) -> Geometry:
        """See `Preparation.geometry`."""
        return self._resize(source).geometry(source)

    def framed_size(self, source: tuple[int, int]) -> tuple[int, int]:
        """See `Preparation.framed_size`."""
        shorter, longer = min(source), max(source)
        wanted = float(self.shortest)
        if longer / shorter * wanted > self.longest:
            wanted = self.longest * shorter / longer
        short, long = round(wanted), int(wanted * longer / shorter)
        if short == shorter:
            long = longer
        return (short, long) if source[0] <= source[1] else (long, short)

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
        return {"kind": "bounded_sides", **asdict(self)}

    def _resize(self, source: tuple[int, int]) -> ResizeCrop:
        """The way of a picture of this size."""
        height, width = self.framed_size(source)
        return ResizeCrop((max(height, 1), max(width, 1)), None, self.interpolation, self.mean, self.std)
