"""No correction at all: the corrector of every edge whose cure, if any, lies in the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from jpegproof.jpeg.codec import DecodedJpeg


class Identity:
    """Answers with the pixels as decoded."""

    scale = 1

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        """See `Corrector`."""
        return [image.tensor() for image in images]

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        return {"kind": "identity"}
