"""The corrector around `BlockRestorer`: decoded JPEGs of any size in, restored pictures out; trainable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from jpegproof.correctors.block_restorer import CONDITIONS, OFFSET, SPREAD, BlockRestorer
from jpegproof.correctors.protocol import Precision
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.header import JpegHeader
from jpegproof.jpeg.sampling import FACTORS

#: Whether chroma is halved down and across, by the file's subsampling; where it is quartered it counts as both.
_HALVED = {"4:0:0": (0.0, 0.0)} | {
    name: (float(down == 2), float(across == 2)) for name, (down, across) in FACTORS.items() if max(down, across) <= 2
}


def condition(header: JpegHeader) -> Tensor:
    """What the network is told of a file: (132,) float32.

    Natural logarithms of the 64 luma and 64 chroma steps, row by row, as (log step - 3) / 1.5; whether chroma is halved
    down and across; whether there is chroma at all; whether the picture still has the file's grid of blocks. A grey
    file repeats its luma table; in a picture that was shrunk after decoding chroma is as fine as luma.
    """
    luma, chroma = header.steps
    steps = np.concatenate([luma.ravel(), (luma if chroma is None else chroma).ravel()]).astype(np.float64)
    tables = (np.log(np.maximum(steps, 1)) - OFFSET) / SPREAD
    numbers = np.concatenate([tables, layout_of(header)])
    assert len(numbers) == CONDITIONS
    return torch.from_numpy(numbers.astype(np.float32))


def layout_of(header: JpegHeader) -> tuple[float, float, float, float]:
    """The last four numbers of a condition, 1 for yes: chroma halved down, halved across, there at all; grid whole."""
    whole = header.shrunk is None
    vertical, horizontal = _HALVED.get(header.subsampling, (1.0, 1.0)) if whole else (0.0, 0.0)
    return vertical, horizontal, float(header.chroma is not None), float(whole)


class GridCorrector:
    """jpegproof's own corrector.

    Args:
        network: the restorer; taken as it is, on its device.
        identity: plain data that names its weights.
        precision: of the convolutions where it is called; the picture itself stays float32 either way.

    Attributes:
        network: the restorer, for training.
    """

    scale = 1

    def __init__(self, network: BlockRestorer, identity: Mapping[str, Any], precision: Precision = "float32") -> None:
        self.network = network.eval().to(memory_format=torch.channels_last)
        self.precision: Precision = precision
        self._identity = dict(identity)

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[Tensor]:
        """See `Corrector`; one picture at a time, so that neighbours cannot matter in the last bit.

        A picture whose file does not tell what was lost of luma and chroma stays as it is
        (`JpegHeader.planes_are_told`).
        """
        # In its own precision, whatever the caller computes in.
        half = self.precision == "bfloat16"
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=half):
            answers = [
                self._restored([image])[0] if image.header.planes_are_told else image.tensor().to(self._device)
                for image in images
            ]
        # Clamped outside, which makes ordinary tensors of them that training can use.
        return [answer.clamp(0, 1) for answer in answers]

    def restore(self, images: Sequence[DecodedJpeg]) -> list[Tensor]:
        """See `TrainableCorrector`; pictures of equal size go through together, in the caller's autocast precision."""
        answers: list[Tensor | None] = [None] * len(images)
        sizes = {image.pixels.shape for image in images}
        for size in sorted(sizes):
            places = [place for place, image in enumerate(images) if image.pixels.shape == size]
            restored = self._restored([images[place] for place in places])
            for place, picture in zip(places, restored, strict=True):
                answers[place] = picture
        return [answer for answer in answers if answer is not None]

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        return {"kind": "grid", **self._identity, "precision": self.precision}

    @property
    def multiply_adds_per_pixel(self) -> int:
        """What one pixel costs, in a picture of whole blocks."""
        return self.network.multiply_adds_per_pixel

    @property
    def _device(self) -> torch.device:
        return self.network.tail.weight.device

    def _restored(self, images: Sequence[DecodedJpeg]) -> Tensor:
        """(N, 3, H, W) from pictures of one size."""
        device = self._device
        pictures = torch.stack([image.tensor() for image in images]).to(device)
        conditions = torch.stack([condition(image.header) for image in images]).to(device)
        height, width = pictures.shape[-2:]
        # The edge's own pixels repeated, as an encoder fills its last blocks.
        padded = F.pad(pictures, (0, -width % BLOCK, 0, -height % BLOCK), mode="replicate")
        return self.network(padded, conditions)[..., :height, :width]
