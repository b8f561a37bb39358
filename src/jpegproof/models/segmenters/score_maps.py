"""From class scores at a network's resolution to the class of every stored pixel, in memory that does not grow with it.

A picture of 12 megapixels has 7 GB of scores for 150 classes. They are made and looked at band by band.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

#: Of the scores of one band; a few times as much is in use at once.
BAND_BYTES = 64 * 2**20


def class_map(scores: Sequence[Tensor], size: tuple[int, int], band_bytes: int = BAND_BYTES) -> Tensor:
    """The likeliest class of each pixel: (H, W) int64; see `score_bands`."""
    # Twice as fast as argmax, which says the same.
    return torch.cat([band.max(dim=0).indices for band in score_bands(scores, size, band_bytes)])


def score_bands(scores: Sequence[Tensor], size: tuple[int, int], band_bytes: int = BAND_BYTES) -> Iterator[Tensor]:
    """Scores at the stored picture's size, from top to bottom.

    Args:
        scores: of one picture, (K, h, w) before softmax: one, or one per scale at which it was looked at.
        size: (H, W) of the stored picture.
        band_bytes: how large a band may be; it has one row at least.

    Yields:
        (K, rows, W) float32: of one scale the resized scores, whose greatest is the greatest probability too; of
        several the mean of their probabilities.

    Scores are resized before softmax, bilinearly without aligned corners, as CSAIL's code and torchvision's do.
    """
    height, width = size
    rows = max(band_bytes // (4 * scores[0].shape[0] * width), 1)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        resized = (_resized_rows(one, size, top, bottom) for one in scores)
        if len(scores) == 1:
            yield next(resized)
            continue
        total = next(resized).softmax(dim=0)
        for band in resized:
            total += band.softmax(dim=0)
        yield total / len(scores)


def _resized_rows(scores: Tensor, size: tuple[int, int], top: int, bottom: int) -> Tensor:
    """Rows top..bottom - 1 of (K, h, w) resized to (H, W): rows first, so that only these are widened."""
    given = scores.shape[-2]
    place = (torch.arange(top, bottom, device=scores.device, dtype=torch.float32) + 0.5) * (given / size[0]) - 0.5
    place = place.clamp(0, given - 1)
    above = place.long()
    below = (above + 1).clamp(max=given - 1)
    share = (place - above)[:, None]
    rows = scores[:, above].float() * (1 - share) + scores[:, below].float() * share
    return F.interpolate(rows[None], (bottom - top, size[1]), mode="bilinear", align_corners=False)[0]
