"""What the components of a JPEG are: the file seldom says so, and libjpeg's guess is what its pixels are made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

#: ``RGB``, ``CMYK`` and ``YCCK`` as they lie in the file, before any conversion.
Colours = Literal["grey", "YCbCr", "RGB", "CMYK", "YCCK"]

_RGB_NUMBERS = tuple(b"RGB")


def colours_of(numbers: Sequence[int], jfif: bool, adobe_transform: int | None) -> Colours:
    """How libjpeg takes the components of a file.

    Args:
        numbers: of the components, as the frame header gives them.
        jfif: whether the file says to be JFIF, which is grey or YCbCr.
        adobe_transform: the colour transform that Adobe's segment states; None without one.

    Source: default_decompress_parms() of libjpeg's jdapimin.c; TN 5116 (Adobe's segment).
    """
    if len(numbers) == 1:
        return "grey"
    if len(numbers) == 4:
        return "CMYK" if adobe_transform in (None, 0) else "YCCK"
    if jfif:
        return "YCbCr"
    by_numbers = adobe_transform is None and tuple(numbers) == _RGB_NUMBERS
    return "RGB" if adobe_transform == 0 or by_numbers else "YCbCr"
