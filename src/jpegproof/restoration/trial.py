"""One picture at one quality: compressed, corrected as in use, compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.correctors.tiles import Tiled
from jpegproof.jpeg.bands import grey_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode, encode
from jpegproof.jpeg.compression import Compression, Subsampling
from jpegproof.restoration.planes import Plane, grey_picture

#: The subsampling of a file that has no chroma.
NO_CHROMA = "4:0:0"


def stated_subsampling(plane: Plane, subsampling: Subsampling) -> str:
    """What the result files have for the subsampling of a plane's JPEG, where that of colour is given."""
    return subsampling if plane == "colour" else NO_CHROMA


class Trial:
    """A plane of a picture, compressed once for all correctors.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        plane: ``colour`` compresses the picture as it is; ``luma`` its `grey_picture`, as a grey JPEG.
        quality: libjpeg quality.
        subsampling: of colour.

    Attributes:
        original: (H, W, 3) or (H, W) uint8: what a corrector should give back.
    """

    def __init__(self, pixels: Pixels, plane: Plane, quality: int, subsampling: Subsampling) -> None:
        self.plane: Plane = plane
        self.original: NDArray[np.uint8] = pixels if plane == "colour" else grey_picture(pixels)
        # A grey file has one component, which a finer sampling than its own would only confuse.
        compression = Compression(quality=quality, subsampling=subsampling if plane == "colour" else "4:4:4")
        self._jpeg: DecodedJpeg = decode(encode(self.original, compression))

    def corrected(self, corrector: Tiled) -> NDArray[np.uint8]:
        """The corrected picture, rounded to 8 bits as in use: the shape of the original.

        What a corrector makes of a grey JPEG is turned to grey as `jpegproof.correct` does it.

        Raises:
            ValueError: a corrected value is not finite.
        """
        pixels = corrector.pixels(self._jpeg)
        return pixels if self.plane == "colour" else grey_pixels(pixels)
