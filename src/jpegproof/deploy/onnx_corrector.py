"""jpegproof's corrector computed by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from jpegproof.deploy.graphs import INPUTS, graph_inputs
from jpegproof.deploy.sessions import open_session, run_session
from jpegproof.exceptions import ModelError
from jpegproof.jpeg.codec import DecodedJpeg
from jpegproof.weights import file_digest


class OnnxCorrector:
    """The corrector of an exported graph. Threads may share it.

    Args:
        path: of the graph.
        multiply_adds_per_pixel: what one pixel costs, which a graph does not say.

    Raises:
        MissingExtraError: onnxruntime is not installed.
        ModelError: the file is damaged, or no corrector.
    """

    scale = 1

    def __init__(self, path: Path, multiply_adds_per_pixel: int) -> None:
        self._session = open_session(path)
        wanted = list(INPUTS)
        if [item.name for item in self._session.get_inputs()] != wanted:
            raise ModelError(f"{path}: is no exported corrector; its inputs should be {', '.join(wanted)}")
        self._multiply_adds_per_pixel = multiply_adds_per_pixel
        self._identity = {"weights": file_digest(path)}

    @property
    def multiply_adds_per_pixel(self) -> int:
        """What one pixel costs."""
        return self._multiply_adds_per_pixel

    def __call__(self, images: Sequence[DecodedJpeg]) -> list[torch.Tensor]:
        """See `Corrector`; pictures whose planes are not told stay as they are."""
        return [
            torch.from_numpy(run_session(self._session, graph_inputs(image))[0])
            if image.header.planes_are_told
            else image.tensor()
            for image in images
        ]

    def describe(self) -> Mapping[str, Any]:
        """See `Corrector`."""
        return {"kind": "onnx", **self._identity}
