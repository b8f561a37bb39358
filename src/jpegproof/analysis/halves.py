"""Two halves of a data set, so that what is chosen on the one can be judged on the other."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.blocks import blocks_of


def first_half(names: Sequence[str], block: int = 1) -> NDArray[np.bool_]:
    """Which pictures are of the first half: (N,).

    Blocks are put in the order of a hash of their first picture's name, and the first half of them is taken: nothing
    of the data set's own order (by class, real and fake in turn) is left in it, the halves differ by one block at most,
    and they are the same in every study of the same pictures.

    Args:
        names: of the pictures, in the data set's order.
        block: how many that follow each other stay together.
    """
    places = list(blocks_of(len(names), block))
    ranked = sorted(range(len(places)), key=lambda number: (_digest(names[places[number][0]]), number))
    chosen = np.zeros(len(names), dtype=bool)
    for number in ranked[: (len(ranked) + 1) // 2]:
        chosen[places[number]] = True
    return chosen


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
