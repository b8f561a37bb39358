"""Pictures as an autoencoder gives them back: 8-bit pixels in, 8-bit pixels out."""

from __future__ import annotations

from contextlib import nullcontext
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import torch

from jpegproof.data.autoencoder import REACH, STRIDE, Autoencoder
from jpegproof.jpeg.codec import Pixels
from jpegproof.weights import file_digest, load_into, read_weights

SHIPPED = "world-autoencoder"
"""The weights that come with the package, with a card beside them."""

_TILE = 512  # a multiple of the stride; bounds memory at about 200 MB, whatever the picture's size


class Reconstruction:
    """Gives pictures back as the autoencoder does; one answer a picture, whatever else is asked for.

    It computes in double precision: the order of additions, which differs between machines and numbers of threads, then
    moves no value that is not within about 1e-13 of the edge between two of the 256.

    Args:
        weights: a file of other weights for the `Autoencoder`; the shipped ones unless given.

    Attributes:
        digest: of the weights' file.

    Raises:
        WeightsError: the weights do not fit.
    """

    def __init__(self, weights: Path | None = None) -> None:
        own = files("jpegproof.data").joinpath("shipped", f"{SHIPPED}.safetensors")
        network = Autoencoder()
        with nullcontext(weights) if weights is not None else as_file(own) as path:
            load_into(network, read_weights(path), path)
            self.digest = file_digest(path)
        self._network = network.double().eval().requires_grad_(False)

    def __call__(self, pixels: Pixels) -> Pixels:
        """The reconstruction of a picture.

        Args:
            pixels: (H, W, 3) uint8 RGB, of any size; it is mirrored at its lower and right edge up to multiples of 8.

        Returns:
            (H, W, 3) uint8 RGB.
        """
        height, width = pixels.shape[:2]
        whole = np.pad(pixels, ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0)), mode="symmetric")
        made = np.empty_like(whole)
        for top in range(0, whole.shape[0], _TILE):
            for left in range(0, whole.shape[1], _TILE):
                # A tile is seen with all that its pixels depend on, so that no seam shows.
                above, before = min(top, REACH), min(left, REACH)
                seen = whole[top - above : top + _TILE + REACH, left - before : left + _TILE + REACH]
                part = made[top : top + _TILE, left : left + _TILE]
                part[:] = self._run(seen)[above : above + part.shape[0], before : before + part.shape[1]]
        return made[:height, :width].copy()

    @torch.inference_mode()
    def _run(self, pixels: Pixels) -> Pixels:
        x = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None].double() / 127.5 - 1
        answer = ((self._network(x) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return answer[0].permute(1, 2, 0).numpy()
