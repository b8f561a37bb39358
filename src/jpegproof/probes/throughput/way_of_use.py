"""The whole way of use: from the bytes of JPEG files to a model's answers, as studies go it, stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from jpegproof.analysis.speed import WHOLE
from jpegproof.correctors.gate import gated
from jpegproof.correctors.protocol import Corrector, to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels, decode
from jpegproof.models.model import Model
from jpegproof.probes.throughput.pace import settled
from jpegproof.studies.rows import runs_of_one_shape
from jpegproof.tasks.batch import Batch


class WayOfUse:
    """One edge as it is used, so many pictures at a time.

    Args:
        model: at its end.
        corrector: before it; None for none.
        behind_gate: whether the corrector stands behind the gate.
        framed: whether the files hold pictures that were resized and cropped before they were saved.
        device: where the networks are.
        apart: whether the device settles after each stage, so that the stages can be told apart on a GPU. A processor
            has always done what it was asked for.
    """

    def __init__(
        self,
        model: Model,
        corrector: Corrector | None,
        behind_gate: bool,
        framed: bool,
        device: torch.device,
        apart: bool = True,
    ) -> None:
        self._model = model
        self._corrector = corrector
        self._behind_gate = behind_gate
        self._framed = framed
        self._device = device
        self._apart = apart
        self._seconds: dict[str, float] = {}

    def seconds(self, files: Sequence[bytes], batch: int) -> dict[str, float]:
        """Goes the way with all files, and answers with seconds by stage, ``whole`` among them."""
        self._seconds = {}
        begun = settled(self._device)
        for first in range(0, len(files), batch):
            self.answers(files[first : first + batch])
        return {WHOLE: settled(self._device) - begun, **(self._seconds if self._apart else {})}

    def answers(self, files: Sequence[bytes]) -> list[Any]:
        """The model's answers about files that go the way together; one answer per run of inputs of one shape."""
        with self._stage("decode"):
            jpegs = [decode(file) for file in files]
        if self._corrector is None:
            pictures = [jpeg.pixels for jpeg in jpegs]
        else:
            with self._stage("correct"):
                pictures = [self._corrected(self._corrector, jpeg) for jpeg in jpegs]
        with self._stage("prepare"):
            inputs = {row: self._prepared(pixels) for row, pixels in enumerate(pictures)}
        with self._stage("model"), torch.inference_mode():
            return [
                self._model.task.answer(self._model.network, self._batch(rows, inputs, jpegs))
                for rows in runs_of_one_shape(inputs, len(files))
            ]

    def _corrected(self, corrector: Corrector, jpeg: DecodedJpeg) -> Pixels:
        if self._behind_gate:
            size = jpeg.pixels.shape[0], jpeg.pixels.shape[1]
            downscale = 1.0 if self._framed else self._model.preparation.geometry(size).downscale
            corrector = gated(corrector, downscale)
        return to_pixels(corrector([jpeg])[0])

    def _prepared(self, pixels: Pixels) -> torch.Tensor:
        preparation = self._model.preparation
        return preparation.normalise(pixels if self._framed else preparation.frame(pixels)[0])

    def _batch(self, rows: Sequence[int], inputs: dict[int, torch.Tensor], jpegs: Sequence[DecodedJpeg]) -> Batch:
        geometry = self._model.preparation.geometry
        sizes = [(jpegs[row].pixels.shape[0], jpegs[row].pixels.shape[1]) for row in rows]
        made = Batch(
            tuple(inputs[row] for row in rows),
            tuple(geometry(size) for size in sizes),
            tuple(f"picture {row}" for row in rows),
        )
        return made.to(self._device)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        begun = settled(self._device) if self._apart else 0.0
        yield
        if self._apart:
            self._seconds[name] = self._seconds.get(name, 0.0) + settled(self._device) - begun
