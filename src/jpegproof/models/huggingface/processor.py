"""From an image processor of transformers to a preparation that can be differentiated, checked on trial pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jpegproof.exceptions import ModelError
from jpegproof.models.huggingface.frames import BoundedSides, FlooredCrop
from jpegproof.models.preparation import Interpolation, Preparation

#: By Pillow's numbers.
_FILTERS: dict[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}

#: (H, W) of the trial pictures: odd and even, lying and standing, and one that is longer than any limit on its shape.
_TRIALS = ((97, 130), (131, 96), (30, 101))

#: What may differ: processors compute in half a dozen orders of single and double precision. A grey level is 0.004.
_TOLERANCE = 1e-4

#: Below this shorter side processors with a share to crop resize to more than they keep; from there on they squash.
_SQUASHED_FROM = 384


def preparation_of(processor: Any, model: str) -> Preparation:
    """The preparation that an image processor's fields ask for.

    It is compared with the processor itself on three pictures, so that a processor with a step that is not known here
    is found out.

    Args:
        processor: an image processor of transformers that works with Pillow.
        model: whose it is, for messages.

    Raises:
        ModelError: no preparation here does the same.
    """
    fields = processor.to_dict()
    try:
        prepared = _preparation(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(_unknown(model, processor, str(error))) from error
    for number, size in enumerate(_TRIALS):
        picture = np.random.default_rng(number).integers(0, 256, (*size, 3), dtype=np.uint8)
        ours = prepared.normalise(prepared.frame(picture)[0]).numpy()
        theirs = np.asarray(processor(picture, input_data_format="channels_last", return_tensors="np")["pixel_values"])[
            0
        ]
        if ours.shape != theirs.shape:
            raise ModelError(_unknown(model, processor, f"inputs of {theirs.shape} in place of {ours.shape}"))
        off = float(np.abs(ours - theirs).max())
        if not off <= _TOLERANCE * max(float(np.abs(theirs).max()), 1.0):
            raise ModelError(_unknown(model, processor, f"inputs differ by up to {off:.2g}"))
    return prepared


def _unknown(model: str, processor: Any, why: str) -> str:
    return (
        f"{model}: its image processor ({type(processor).__name__}) prepares pictures in a way that is not known here "
        f"({why}); wrap the model in a Python file with a preparation of your own: FILE.py:FUNCTION"
    )


def _preparation(fields: Mapping[str, Any]) -> Preparation:
    interpolation = _FILTERS[int(fields.get("resample", 2))]
    mean, std = _normalisation(fields)
    size = _numbers(fields.get("size")) if fields.get("do_resize") else {}
    crop: tuple[int, int] | None = None
    if fields.get("do_center_crop"):
        kept = _numbers(fields["crop_size"])
        crop = kept["height"], kept["width"]
    resize: int | tuple[int, int] | None = None
    if "height" in size:
        resize = size["height"], size["width"]
    elif "longest_edge" in size and crop is None:
        return BoundedSides(size["shortest_edge"], size["longest_edge"], interpolation, mean, std)
    elif size:
        resize = size["shortest_edge"]
        if fields.get("crop_pct") and resize >= _SQUASHED_FROM:
            resize = resize, resize
        elif fields.get("crop_pct"):
            resize, crop = int(resize / fields["crop_pct"]), (resize, resize)
    return FlooredCrop(resize, crop, interpolation, mean, std)


def _normalisation(fields: Mapping[str, Any]) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation of pictures in [0, 1], whatever the processor makes of 8 bits first."""
    unit = 255 * (fields.get("rescale_factor", 1 / 255) if fields.get("do_rescale") else 1.0)
    normalised = bool(fields.get("do_normalize"))
    means = fields["image_mean"] if normalised else (0.0, 0.0, 0.0)
    stds = fields["image_std"] if normalised else (1.0, 1.0, 1.0)
    mean, std = ([value] * 3 if isinstance(value, float | int) else list(value) for value in (means, stds))
    (m0, m1, m2), (s0, s1, s2) = ([value / unit for value in values] for values in (mean, std))
    return (m0, m1, m2), (s0, s1, s2)


def _numbers(size: Any) -> dict[str, int]:
    """A size as said: some of height, width, shortest_edge and longest_edge."""
    return {str(key): int(value) for key, value in dict(size).items() if value is not None}
