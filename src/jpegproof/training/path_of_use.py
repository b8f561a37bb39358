"""The path of use, differentiably: the picture as stored, compressed, corrected, then resized as the model asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from jpegproof.correctors.protocol import to_pixels
from jpegproof.jpeg.codec import DecodedJpeg, Pixels
from jpegproof.jpeg.parts import part_of
from jpegproof.models.model import Model
from jpegproof.models.preparation import Preparation
from jpegproof.tasks.batch import Batch
from jpegproof.training.examples import Example
from jpegproof.training.objective import TrainableCorrector

#: Pixels around what the model sees that are corrected too, so that the corrector sees what lies beside it.
MARGIN = 16

Stage = Literal["source", "input"]


def inputs_of_originals(model: Model, examples: Sequence[Example], stage: Stage) -> Batch:
    """The model's inputs, by Pillow, as in evaluation, on its device."""
    prepared = [_by_pillow(model.preparation, example.original, stage) for example in examples]
    return _batch(prepared, model, examples)


def inputs_of_jpegs(
    model: Model, examples: Sequence[Example], corrector: TrainableCorrector | None, stage: Stage
) -> Batch:
    """The model's inputs from the JPEGs, on its device.

    Through a corrector they carry gradients to its weights, where gradients are on; only what the model sees, and a
    margin, is corrected. Without one they come from Pillow, as in evaluation.
    """
    if corrector is None:
        prepared = [_by_pillow(model.preparation, example.jpeg.pixels, stage) for example in examples]
        return _batch(prepared, model, examples)
    return inputs_of_corrected([model], examples, corrector, stage)[0]


def inputs_of_corrected(
    models: Sequence[Model], examples: Sequence[Example], corrector: TrainableCorrector, stage: Stage
) -> list[Batch]:
    """The inputs of several models from the same corrected JPEGs, each on its model's device.

    Each picture is corrected once, as far as any of the models sees it; gradients as in `inputs_of_jpegs`.
    """
    if stage == "input":
        restored = _corrected(corrector, [example.jpeg for example in examples])
        return [
            _batch([model.preparation.standardise(picture) for picture in restored], model, examples)
            for model in models
        ]
    parts: list[DecodedJpeg] = []
    origins: list[tuple[int, int]] = []
    sources = [(example.original.shape[0], example.original.shape[1]) for example in examples]
    for example, source in zip(examples, sources, strict=True):
        top, left, bottom, right = _seen_by_any(models, source)
        part, origin = part_of(example.jpeg, (top - MARGIN, left - MARGIN, bottom + MARGIN, right + MARGIN))
        parts.append(part)
        origins.append(origin)
    restored = _corrected(corrector, parts)
    batches = []
    for model in models:
        prepared = [
            model.preparation.differentiable(picture, source, origin)
            for picture, source, origin in zip(restored, sources, origins, strict=True)
        ]
        batches.append(_batch(prepared, model, examples))
    return batches


def _seen_by_any(models: Sequence[Model], source: tuple[int, int]) -> tuple[int, int, int, int]:
    seen = [model.preparation.seen(source) for model in models]
    tops, lefts, bottoms, rights = zip(*seen, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def _corrected(corrector: TrainableCorrector, images: Sequence[DecodedJpeg]) -> list[Tensor]:
    """Corrected pictures: as in use where nothing is learned from them, else clamped in value but not in gradient."""
    if not torch.is_grad_enabled():
        used = [to_pixels(picture) for picture in corrector(images)]
        return [torch.from_numpy(pixels).permute(2, 0, 1).float().div(255) for pixels in used]
    restored = corrector.restore(images)
    return [picture + (picture.clamp(0, 1) - picture).detach() for picture in restored]


def _by_pillow(preparation: Preparation, pixels: Pixels, stage: Stage) -> Tensor:
    framed = preparation.frame(pixels)[0] if stage == "source" else pixels
    return preparation.normalise(np.ascontiguousarray(framed))


def _batch(prepared: Sequence[Tensor], model: Model, examples: Sequence[Example]) -> Batch:
    geometries = [model.preparation.geometry(example.source) for example in examples]
    names = tuple(example.name for example in examples)
    return Batch(tuple(prepared), tuple(geometries), names).to(model.device)
