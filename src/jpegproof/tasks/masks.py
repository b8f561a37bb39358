"""Masks as COCO's run lengths and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jpegproof.exceptions import missing_extra

#: (H, W) bool: where the object is.
Mask = NDArray[np.bool_]


def encode_mask(mask: Mask) -> bytes:
    """COCO's compressed run lengths (column by column) of a (H, W) mask.

    Raises:
        MissingExtraError: pycocotools is not installed.
    """
    return bytes(coco_masks().encode(np.asfortranarray(mask, dtype=np.uint8))["counts"])


def decode_mask(counts: bytes, size: tuple[int, int]) -> Mask:
    """The (H, W) mask of compressed run lengths.

    Args:
        counts: as from `encode_mask`.
        size: (H, W) of the picture, pixels.

    Raises:
        MissingExtraError: pycocotools is not installed.
    """
    return coco_masks().decode({"size": list(size), "counts": counts}).astype(bool)


def coco_masks() -> Any:
    """pycocotools' mask functions.

    Raises:
        MissingExtraError: pycocotools is not installed.
    """
    try:
        from pycocotools import mask
    except ImportError as error:
        raise missing_extra("pycocotools", "detection", "working with object masks") from error
    return mask
