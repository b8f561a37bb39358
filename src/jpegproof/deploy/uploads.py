"""From the bytes of an upload to a model's input: bounded, or exactly as a study would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from jpegproof.correctors.gate import Gate, Gated
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.deploy.bounded import Costed, Place, corrected_input, decoded, scaled_fraction, taken_in, whole_blocks
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.intake import UnusablePictureError, is_jpeg, open_picture, opened
from jpegproof.models.preparation import Preparation
from jpegproof.tasks.geometry import Geometry


@dataclass(frozen=True, slots=True, eq=False)
class Upload:
    """A model's input made of an upload.

    Attributes:
        tensor: (3, H, W) float32.
        geometry: how the upload as stored became it.
        framed: (H, W, 3) uint8: the same before it was normalised.
        corrected, multiply_adds, decoded_at: see `Answer`.
    """

    tensor: torch.Tensor
    geometry: Geometry
    framed: Pixels
    corrected: Place = "nowhere"
    multiply_adds: int = 0
    decoded_at: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """How uploads become inputs of one model. Holds nothing that changes, so that threads can share it.

    Attributes:
        preparation: of the model.
        corrector: in front of it; None for none.
        gate: decides which pictures are corrected; None corrects all.
        budget: multiply-adds per pixel of the input; None goes the way of a study: decoded whole, corrected whole.
        max_pixels: an upload that claims more is refused.
    """

    preparation: Preparation
    corrector: Costed | None
    gate: Gate | None
    budget: float | None
    max_pixels: int

    def prepared(self, data: bytes) -> Upload:
        """The input of one upload.

        A picture in another format than JPEG is prepared as it is, since nothing says what was lost of it.

        Raises:
            UnusablePictureError: it cannot be used; the message says why.
            ValueError: the corrected picture has values that are not finite.
        """
        if not is_jpeg(data):
            return self._whole(self._other_picture(data))
        if self.budget is None:
            return self._as_in_a_study(data)
        if self.corrector is None:
            data, header = taken_in(data, self.max_pixels)
            geometry = self.preparation.geometry(header.size)
            fraction = scaled_fraction(geometry)
            framed = np.ascontiguousarray(self.preparation.frame(decoded(data, fraction), header.size)[0])
            return Upload(self.preparation.normalise(framed), geometry, framed, decoded_at=fraction)
        return self._bounded(data, self.corrector, self.budget)

    def _bounded(self, data: bytes, corrector: Costed, budget: float) -> Upload:
        _, header = taken_in(data, self.max_pixels)
        size = self.preparation.framed_size(header.size)
        # Tiny pictures are filled up to whole blocks, which may take more than so many pixels are allowed.
        least = corrector.multiply_adds_per_pixel * whole_blocks(size) / (size[0] * size[1])
        done = corrected_input(data, self.preparation, corrector, self.gate, max(budget, least), self.max_pixels)
        geometry = self.preparation.geometry(done.size)
        return Upload(done.tensor, geometry, done.framed, done.corrected, done.multiply_adds, done.decoded_at)

    def _as_in_a_study(self, data: bytes) -> Upload:
        _, header = taken_in(data, self.max_pixels)
        pixels = open_picture(data)
        if self.corrector is None or not header.planes_are_told:
            return self._whole(pixels)
        image = DecodedJpeg(pixels, header, data)
        corrector: Corrector = self.corrector
        if self.gate is not None:
            downscale = self.preparation.geometry(header.size).downscale
            if self.gate.admits(image, downscale) is None:
                return self._whole(pixels)
            corrector = Gated(corrector, self.gate, downscale)
        cost = whole_blocks(header.size) * self.corrector.multiply_adds_per_pixel
        return self._whole(to_pixels(corrector([image])[0]), "source", cost)

    def _whole(self, pixels: Pixels, corrected: Place = "nowhere", cost: int = 0) -> Upload:
        framed, geometry = self.preparation.frame(pixels)
        framed = np.ascontiguousarray(framed)
        return Upload(self.preparation.normalise(framed), geometry, framed, corrected, cost)

    def _other_picture(self, data: bytes) -> Pixels:
        """A picture that is no JPEG; its size is looked at before its pixels are."""
        try:
            with opened(data) as picture:
                width, height = picture.size
        except Exception:  # whatever Pillow stumbles over is told in words by what reads it in earnest
            return open_picture(data)
        if width * height > self.max_pixels:
            raise UnusablePictureError(f"claims {width}x{height} pixels, more than {self.max_pixels:,}", "too large")
        return open_picture(data)
