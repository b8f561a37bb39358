"""The metrics of the benchmark by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from jpegproof.restoration.planes import Plane
from jpegproof.restoration.psnr import psnr
from jpegproof.restoration.psnr_b import psnr_b
from jpegproof.restoration.ssim import BOX, GAUSSIAN, ssim

Metric = Callable[[NDArray[np.uint8], NDArray[np.uint8]], float]

#: Each takes the original and the picture, grey or coloured. Higher is better for all of them.
METRICS: dict[str, Metric] = {
    "psnr": psnr,
    "psnr_b": psnr_b,
    "ssim_gaussian": partial(ssim, window=GAUSSIAN),
    "ssim_box": partial(ssim, window=BOX),
}

#: The shortest side for which there is every metric, pixels.
SHORTEST_SIDE = max(len(GAUSSIAN), len(BOX))


def metric_name(plane: Plane, metric: str) -> str:
    """What a metric of a plane is called in the result files, such as ``luma_psnr_b``."""
    return f"{plane}_{metric}"


def scores(original: NDArray[np.uint8], picture: NDArray[np.uint8], plane: Plane) -> dict[str, float]:
    """Every metric of a picture under its name in the result files.

    Args:
        original: (H, W) for luma, (H, W, 3) for colour, uint8, no side shorter than `SHORTEST_SIDE`.
        picture: the same shape.
        plane: only names the metrics.

    Raises:
        ValueError: the shapes differ, or a side is too short.
    """
    return {metric_name(plane, name): metric(original, picture) for name, metric in METRICS.items()}
