"""A shard's pictures at one point of their way from the data set to the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jpegproof.jpeg.codec import Pixels


@dataclass(slots=True)
class Pictures:
    """A shard's pictures at one point of their way: by row, with the reason where one fell out.

    Attributes:
        pixels: (H, W, 3) uint8 RGB by row; only rows still in use.
        skipped: why a row fell out.
        sizes: compressed size in bytes by row.
        areas: how many pixels were compressed, or were read, by row.
    """

    pixels: dict[int, Pixels]
    skipped: dict[int, str]
    sizes: dict[int, int]
    areas: dict[int, int] = field(default_factory=dict)


def sorted_out(
    answers: dict[int, Any], skipped: dict[int, str], sizes: dict[int, int], areas: dict[int, int] | None = None
) -> Pictures:
    """Pictures from answers that are pixels, or texts that say why there are none."""
    pixels = {row: answer for row, answer in answers.items() if not isinstance(answer, str)}
    reasons = {row: answer for row, answer in answers.items() if isinstance(answer, str)}
    return Pictures(pixels, {**skipped, **reasons}, sizes, areas or {})
