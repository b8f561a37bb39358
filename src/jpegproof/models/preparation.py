"""From a picture to a model's input: by Pillow where numbers are made, differentiably where something is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from jpegproof.jpeg.codec import Pixels
from jpegproof.jpeg.intake import MAX_PIXELS, UnusablePictureError
from jpegproof.models.resampling import contributing, resize_region
from jpegproof.tasks.geometry import Geometry

Interpolation = Literal["bilinear", "bicubic", "nearest", "lanczos"]
_PILLOW = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Preparation(Protocol):
    """What happens between a picture and the model."""

    def frame(self, pixels: Pixels, stored: tuple[int, int] | None = None) -> tuple[Pixels, Geometry]:
        """Resizes and crops a (H, W, 3) uint8 picture with Pillow; still 8-bit RGB.

        Args:
            pixels: the picture.
            stored: (H, W) of the picture as stored, where it was decoded at 1/2, 1/4 or 1/8 of that, sides rounded up:
                it is framed as the stored one would be, to the same size and the same place.

        Raises:
            UnusablePictureError: its shape is so extreme that the result would not fit into memory.
        """
        ...

    def normalise(self, framed: Pixels) -> torch.Tensor:
        """A framed picture as the (3, H, W) float32 tensor that the network takes."""
        ...

    def geometry(self, source: tuple[int, int]) -> Geometry:
        """How a source of (H, W) pixels would be framed."""
        ...

    def framed_size(self, source: tuple[int, int]) -> tuple[int, int]:
        """(H, W) of what `frame` makes of a source of (H, W) pixels."""
        ...

    def seen(self, source: tuple[int, int]) -> tuple[int, int, int, int]:
        """The region of a source of (H, W) pixels that the input depends on: top, left, bottom, right (exclusive)."""
        ...

    def differentiable(
        self, region: torch.Tensor, source: tuple[int, int] | None = None, origin: tuple[int, int] = (0, 0)
    ) -> torch.Tensor:
        """Frames and normalises with gradients; for training only.

        Args:
            region: (3, h, w) RGB in [0, 1]: the whole source, or a part that holds all of `seen`.
            source: (H, W) of the whole source, where the region is a part of it.
            origin: (top, left) of the region in the source.

        Returns:
            What `normalise` makes of the framed picture, but for Pillow's rounding to 8 bits.
        """
        ...

    def standardise(self, picture: torch.Tensor) -> torch.Tensor:
        """Normalises a framed (3, H, W) tensor in [0, 1] with gradients."""
        ...

    def describe(self) -> Mapping[str, Any]:
        """Everything the input depends on besides the picture, as plain data for a fingerprint."""
        ...


@dataclass(frozen=True, slots=True)
class ResizeCrop:
    """The classifiers' usual way: shorter side to `resize`, centre crop to `crop`, then mean and standard deviation.

    Attributes:
        resize: shorter side in pixels after resizing; a pair (H, W) resizes without keeping the aspect ratio; None
            leaves the size alone.
        crop: (H, W) cut from the centre, black where the picture is smaller; None keeps all.
        interpolation: Pillow's filter; all but ``nearest`` antialias when shrinking.
        mean: per channel, in [0, 1].
        std: per channel, in [0, 1].

    Rounding of sizes and offsets is torchvision's (``Resize`` and ``CenterCrop`` on a Pillow image), which the
    published accuracies were made with.
    """

    resize: int | tuple[int, int] | None = 256
    crop: tuple[int, int] | None = (224, 224)
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        """Raises ValueError where a field is not of its kind."""
        pairs = [self.crop] if isinstance(self.resize, int | None) else [self.resize, self.crop]
        sides = [side for pair in pairs if pair is not None for side in _pair_of(pair)]
        sides += [self.resize] if isinstance(self.resize, int) else []
        if any(not isinstance(side, int) or side < 1 for side in sides):
            raise ValueError(f"resize={self.resize!r}, crop={self.crop!r}: sides are whole numbers of pixels from 1")
        if self.interpolation not in _PILLOW:
            raise ValueError(f"interpolation {self.interpolation!r} is not known; use {', '.join(_PILLOW)}")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if not isinstance(values, tuple | list) or len(values) != 3:
                raise ValueError(f"{name}={values!r}: give three numbers, one per channel, such as (0.5, 0.5, 0.5)")

    def frame(self, pixels: Pixels, stored: tuple[int, int] | None = None) -> tuple[Pixels, Geometry]:
        """See `Preparation.frame`."""
        decoded = pixels.shape[0], pixels.shape[1]
        source = stored or decoded
        height, width = self._resized(source)
        if height * width > MAX_PIXELS or min(height, width) < 1:
            raise UnusablePictureError(
                f"its {source[1]}x{source[0]} pixels would become {width}x{height} for the model"
            )
        if (height, width) != decoded or source != decoded:
            # The last row and column of a fraction may lie beyond the picture in part.
            fraction = _fraction(source, decoded)
            covered = (0.0, 0.0, source[1] / fraction, source[0] / fraction)
            picture = Image.fromarray(pixels).resize((width, height), _PILLOW[self.interpolation], covered)
            pixels = np.asarray(picture)
        top, left, bottom, right = self._window((height, width))
        if top < 0 or left < 0 or bottom > height or right > width:
            margins = ((max(-top, 0), max(bottom - height, 0)), (max(-left, 0), max(right - width, 0)), (0, 0))
            pixels = np.pad(pixels, margins)
        framed = pixels[max(top, 0) : max(top, 0) + bottom - top, max(left, 0) : max(left, 0) + right - left]
        return framed, self.geometry(source)

    def normalise(self, framed: Pixels) -> torch.Tensor:
        """See `Preparation.normalise`."""
        picture = torch.from_numpy(np.ascontiguousarray(framed.transpose(2, 0, 1))).float().div_(255)
        return self.standardise(picture)

    def geometry(self, source: tuple[int, int]) -> Geometry:
        """See `Preparation.geometry`."""
        height, width = self._resized(source)
        top, left, _, _ = self._window((height, width))
        return Geometry(source, (height / source[0], width / source[1]), (-top, -left))

    def framed_size(self, source: tuple[int, int]) -> tuple[int, int]:
        """See `Preparation.framed_size`."""
        return self.crop or self._resized(source)

    def seen(self, source: tuple[int, int]) -> tuple[int, int, int, int]:
        """See `Preparation.seen`."""
        resized = self._resized(source)
        top, left, bottom, right = self._inside(resized)
        first, last = contributing(source[0], resized[0], self.interpolation, top, bottom)
        begin, end = contributing(source[1], resized[1], self.interpolation, left, right)
        return first, begin, last, end

    def differentiable(
        self, region: torch.Tensor, source: tuple[int, int] | None = None, origin: tuple[int, int] = (0, 0)
    ) -> torch.Tensor:
        """See `Preparation.differentiable`."""
        source = source or (region.shape[-2], region.shape[-1])
        resized = self._resized(source)
        inside = self._inside(resized)
        if resized == source:
            region = region[
                ..., inside[0] - origin[0] : inside[2] - origin[0], inside[1] - origin[1] : inside[3] - origin[1]
            ]
        else:
            region = resize_region(region, origin, source, resized, inside, self.interpolation)
        top, left, bottom, right = self._window(resized)
        margins = (inside[1] - left, right - inside[3], inside[0] - top, bottom - inside[2])
        return self.standardise(F.pad(region, margins))

    def describe(self) -> Mapping[str, Any]:
        """See `Preparation.describe`."""
        return {"kind": "resize_crop", **asdict(self)}

    def standardise(self, picture: torch.Tensor) -> torch.Tensor:
        """See `Preparation.standardise`."""
        mean, std = picture.new_tensor(self.mean), picture.new_tensor(self.std)
        return (picture - mean[:, None, None]) / std[:, None, None]

    def _resized(self, source: tuple[int, int]) -> tuple[int, int]:
        if self.resize is None:
            return source
        if isinstance(self.resize, tuple):
            return self.resize
        height, width = source
        if height <= width:
            return self.resize, int(self.resize * width / height)
        return int(self.resize * height / width), self.resize

    def _window(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of the crop in the resized picture; outside of it where the picture is smaller."""
        if self.crop is None:
            return 0, 0, *size
        top, left = (_centred(length, kept) for length, kept in zip(size, self.crop, strict=True))
        return top, left, top + self.crop[0], left + self.crop[1]

    def _inside(self, resized: tuple[int, int]) -> tuple[int, int, int, int]:
        """The part of the crop that lies in the resized picture."""
        top, left, bottom, right = self._window(resized)
        return max(top, 0), max(left, 0), min(bottom, resized[0]), min(right, resized[1])


def _fraction(source: tuple[int, int], decoded: tuple[int, int]) -> int:
    """At 1 over what a picture was decoded.

    Raises:
        ValueError: at no fraction of libjpeg's.
    """
    for fraction in (1, 2, 4, 8):
        if all(side == -(-whole // fraction) for side, whole in zip(decoded, source, strict=True)):
            return fraction
    raise ValueError(f"{decoded[1]}x{decoded[0]} is no fraction (1/2, 1/4, 1/8) of {source[1]}x{source[0]}")


def _pair_of(pair: Any) -> Any:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise ValueError(f"{pair!r}: give height and width, such as (224, 224)")
    return pair


def _centred(length: int, kept: int) -> int:
    """Where a centred window of `kept` pixels begins; torchvision rounds cropping and padding differently."""
    return round((length - kept) / 2) if length >= kept else -((kept - length) // 2)
