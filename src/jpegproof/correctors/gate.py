"""The gate: which pictures a corrector should touch at all. A good picture passes through as it is."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import torch

from jpegproof.correctors.default import shipped_name
from jpegproof.correctors.protocol import Corrector
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.dct import BLOCK
from jpegproof.jpeg.earlier_save import EarlierSave, earlier_save
from jpegproof.jpeg.tables import chroma_table, luma_table

#: The gates whose numbers come with the package, by the shipped corrector that each was fitted for; cards lie beside.
SHIPPED = {"default": "gate", "small": "gate-small"}


@dataclass(frozen=True, slots=True)
class Gate:
    """Opens for pictures that were saved coarsely enough for correction to help.

    Attributes:
        limits: (downscale, quality) pairs, downscales rising from 1: where the corrected picture is then shrunk by
            `downscale` along each side, correction helps below that libjpeg quality. Between two of them the limit
            runs straight over the logarithm of the downscale; beyond the last it is the last one's.
        hidden: a hidden earlier save opens the gate below this quality alone, and below the limit. What is found there
            may be the picture's original as well as damage: only saves at which nobody keeps an original should count.
    """

    limits: tuple[tuple[float, float], ...]
    hidden: float = 100.0

    def __post_init__(self) -> None:
        """Raises ValueError where the limits are not as they should be."""
        downscales = [downscale for downscale, _ in self.limits]
        if not downscales or downscales[0] != 1 or sorted(set(downscales)) != downscales:
            raise ValueError(f"a gate's downscales rise from 1, not {downscales}")

    def limit(self, downscale: float) -> float:
        """The quality below which the gate opens, where the picture is shrunk by `downscale` afterwards."""
        places = [math.log(known) for known, _ in self.limits]
        return float(np.interp(math.log(max(downscale, 1.0)), places, [quality for _, quality in self.limits]))

    def admits(self, image: DecodedJpeg, downscale: float = 1.0) -> Admitted | None:
        """What of a picture to correct; None where it should stay as it is, and where no corrector can know the way.

        Args:
            image: as decoded.
            downscale: how many of its pixels make one of the model's, along each side.

        The last save may hide a coarser one before it: where the file's own tables would close the gate, its pixels
        are asked for one (`jpegproof.jpeg.earlier_save`).
        """
        if not image.header.planes_are_told:
            return None
        limit = self.limit(downscale)
        if image.header.quality.quality < limit:
            return Admitted(image, None)
        limit = min(limit, self.hidden)
        if limit <= 1 or image.header.shrunk is not None or image.header.colours == "RGB":
            return None
        found = earlier_save(image.pixels, image.header.luma, below=limit)
        return None if found is None else Admitted(as_it_was(image, found), found)

    def describe(self) -> Mapping[str, Any]:
        """Plain data for a fingerprint."""
        return {"limits": [list(pair) for pair in self.limits], "hidden": self.hidden}


@dataclass(frozen=True, slots=True, eq=False)
class Admitted:
    """A picture that a gate lets through to the corrector.

    Attributes:
        image: what the corrector should be given.
        earlier: the hidden save that it is corrected for; then `image` has some rows and columns more than the picture,
            above and left of it, so that the blocks of that save lie on the grid.
    """

    image: DecodedJpeg
    earlier: EarlierSave | None

    @property
    def margins(self) -> tuple[int, int]:
        """Rows above and columns left of the picture that the corrector's answer has too many."""
        if self.earlier is None:
            return 0, 0
        down, across = self.earlier.offset
        return -down % BLOCK, -across % BLOCK


class Gated:
    """A corrector behind a gate.

    Args:
        corrector: for pictures that the gate opens for.
        gate: decides, each picture for itself.
        downscale: how many of a picture's pixels make one of the model's, along each side, where that is known.
    """

    def __init__(self, corrector: Corrector, gate: Gate, downscale: float = 1.0) -> None:
        self._corrector = corrector
        self._gate = gate
        self._downscale = downscale
        self.scale = corrector.scale
        if self.scale != 1:
            raise ValueError(f"a gate needs a corrector that keeps the size, not one that enlarges {self.scale} times")

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        """See `Corrector`."""
        return [self._one(image) for image in images]

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        return {"gated": self._corrector.describe(), "gate": self._gate.describe(), "downscale": self._downscale}

    def _one(self, image: DecodedJpeg) -> torch.Tensor:
        admitted = self._gate.admits(image, self._downscale)
        if admitted is None:
            return image.tensor()
        top, left = admitted.margins
        return self._corrector([admitted.image])[0][:, top:, left:]


def gated(corrector: Corrector, downscale: float = 1.0) -> Gated:
    """A corrector behind the gate that comes with the package for it."""
    return Gated(corrector, gate_for(corrector), downscale)


def gate_for(corrector: Corrector) -> Gate:
    """The gate that was fitted for a shipped corrector; for others that of the default one."""
    return shipped_gate(shipped_name(corrector) or "default")


def default_gate() -> Gate:
    """The gate that comes with the package, fitted for the default corrector; its card says on what."""
    return shipped_gate("default")


@cache
def shipped_gate(name: str) -> Gate:
    """The gate that was fitted for one of the shipped correctors, by that one's name."""
    told = json.loads(files("jpegproof.correctors").joinpath("shipped", f"{SHIPPED[name]}.json").read_text())
    limits = tuple((float(downscale), float(quality)) for downscale, quality in told["limits"])
    return Gate(limits, float(told["hidden"]))


def as_it_was(image: DecodedJpeg, found: EarlierSave) -> DecodedJpeg:
    """The picture with the tables of its hidden save, on that save's grid: up to 7 rows and columns more."""
    top, left = (-offset % BLOCK for offset in found.offset)
    pixels: Pixels = image.pixels
    if top or left:  # NumPy copies the picture even where it adds nothing
        pixels = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="edge")
    chroma = None if image.header.chroma is None else chroma_table(found.quality)
    # Which blocks of luma shared a block of chroma is not known, so the network is not told that any did.
    sampling = "4:0:0" if chroma is None else "4:4:4"
    header = replace(
        image.header, size=pixels.shape[:2], luma=luma_table(found.quality), chroma=chroma, subsampling=sampling
    )
    return DecodedJpeg(pixels, header)
