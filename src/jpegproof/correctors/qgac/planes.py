"""The coefficient planes that the networks expect, from any decoded JPEG; and their answer as a picture."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from jpegproof.correctors.qgac.normalisation import PLANES, denormalise
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.jpeg.coefficients import Component, JpegCoefficients, NotYCbCrError, read_coefficients
from jpegproof.jpeg.dct import BLOCK, from_blocks, to_coefficients, to_samples
from jpegproof.jpeg.recovery import can_recover, recover_coefficients
from jpegproof.jpeg.sampling import FACTORS
from jpegproof.jpeg.ycbcr import rgb_to_ycbcr, ycbcr_to_rgb

#: Where coefficients come from: the file's bytes where they are at hand, or always the pixels and tables.
Source = Literal["file", "pixels"]

Planes = tuple[Tensor, Tensor | None]
"""(1, H, W) luma and (2, H / 2, W / 2) chroma, None of a grey picture: dequantised coefficients in place, float32."""


def planes_of(image: DecodedJpeg, source: Source) -> Planes:
    """Dequantised coefficients as of a 4:2:0 file whose sides are multiples of 16.

    Where a file's coefficients cannot be read, they are recovered from the pixels. What is missing below and to the
    right is filled up by repeating the last row and column of samples. Chroma that is sampled otherwise is averaged or
    repeated until it is halved in both directions; it is then no longer quantised. A picture that is no decoded luma
    and chroma (RGB or CMYK in the file, or resized since) is transformed as it is.

    Args:
        image: any.
        source: where its coefficients come from.

    Raises:
        MissingExtraError: they come from the file, and jpeglib is not installed.
    """
    height, width = (-(-side // 16) * 16 for side in image.pixels.shape[:2])
    found = _coefficients(image, source)
    if found is None:
        luma, chroma = _transformed(image)
    else:
        luma, chroma = _dequantised(found.luma)[None], _halved_chroma(found)
    return _fitted(luma, height, width), None if chroma is None else _fitted(chroma, height // 2, width // 2)


def picture_of(restored: Tensor, height: int, width: int) -> Tensor:
    """Normalised coefficients, (1, 3, H, W) or (1, 1, H, W) of grey, as a (3, height, width) picture, not clamped."""
    samples = to_samples(denormalise(restored, PLANES[: restored.shape[1]]))[0, :, :height, :width]
    if len(samples) == 1:
        return ((samples + 128) / 255).expand(3, -1, -1)
    return ycbcr_to_rgb(samples + 128) / 255


def _coefficients(image: DecodedJpeg, source: Source) -> JpegCoefficients | None:
    header = image.header
    if (
        source == "file"
        and image.data is not None
        and header.shrunk is None
        and (header.chroma is None or header.subsampling in FACTORS)
    ):
        try:
            found = read_coefficients(image.data, header.subsampling)
            if found.covers(*image.pixels.shape[:2]):
                return found
        except NotYCbCrError:
            return None
        except OSError:
            pass  # damage that Pillow has seen through, or a coding that jpeglib does not know
    return recover_coefficients(image.pixels, header) if can_recover(header) else None


def _dequantised(component: Component) -> Tensor:
    return from_blocks(torch.from_numpy(component.coefficients * component.table).float())


def _halved_chroma(found: JpegCoefficients) -> Tensor | None:
    if not found.chroma:
        return None
    planes = torch.stack([_dequantised(component) for component in found.chroma])
    if found.subsampling == "4:2:0":
        return planes
    samples = to_samples(planes)
    for axis, factor in zip((-2, -1), FACTORS[found.subsampling], strict=True):
        if factor == 1:
            samples = samples.unflatten(axis, (-1, 2)).mean(axis)
        elif factor == 4:
            samples = samples.repeat_interleave(2, axis)
    return to_coefficients(_up_to_blocks(samples))


def _transformed(image: DecodedJpeg) -> Planes:
    planes = rgb_to_ycbcr(torch.from_numpy(image.pixels.copy()).permute(2, 0, 1).float()) - 128
    luma = to_coefficients(_up_to_blocks(planes[:1]))
    if image.header.chroma is None:
        return luma, None
    return luma, to_coefficients(_up_to_blocks(F.avg_pool2d(_up_to_blocks(planes[1:]), 2)))


def _up_to_blocks(samples: Tensor) -> Tensor:
    return _repeated(samples, *(-(-side // BLOCK) * BLOCK for side in samples.shape[-2:]))


def _fitted(coefficients: Tensor, height: int, width: int) -> Tensor:
    """Blocks cut off or added at the bottom and on the right; what stays is as exact as it was."""
    kept = coefficients[..., :height, :width]
    if kept.shape[-2:] == (height, width):
        return kept
    filled = to_coefficients(_repeated(to_samples(kept), height, width))
    filled[..., : kept.shape[-2], : kept.shape[-1]] = kept
    return filled


def _repeated(samples: Tensor, height: int, width: int) -> Tensor:
    return F.pad(samples, (0, width - samples.shape[-1], 0, height - samples.shape[-2]), mode="replicate")
