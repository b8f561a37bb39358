"""Metrics block by block, for data sets whose pictures follow each other: does a cure help in every stretch?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import Values
from jpegproof.analysis.pooled import PooledMetric


@dataclass(frozen=True, slots=True)
class BlockGain:
    """What a cure gains in one block of pictures. One row of ``blocks.csv``.

    Attributes:
        block: number of the block, from 1, in the order of the data set.
        first, last: names of its first and last picture.
        untreated: the metric over the block without a cure, in its unit.
        value: the same with it.
        gain: value less untreated.
        n: pictures of the block that count for both.

    The other columns are those of `Result`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    metric: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    block: int
    first: str
    last: str
    untreated: float
    value: float
    gain: float
    n: int
    seed: int


def blocks_of(pictures: int, block: int) -> Iterator[range]:
    """The places of each block's pictures; the last block may be shorter."""
    for begin in range(0, pictures, block):
        yield range(begin, min(begin + block, pictures))


def by_block(metric: Values | PooledMetric, counted: NDArray[np.bool_], block: int) -> Values:
    """A metric over each block: (blocks,), NaN where it cannot be computed.

    Args:
        metric: picture by picture (N,), or one that knows how to be weighted.
        counted: (N,) the pictures that count.
        block: how many pictures a block has.
    """
    weights = np.zeros((-(-len(counted) // block), len(counted)))
    for number, places in enumerate(blocks_of(len(counted), block)):
        weights[number, places] = counted[places]
    if not isinstance(metric, np.ndarray):
        return metric.values(weights)
    with np.errstate(invalid="ignore"):
        return weights @ np.where(counted, metric, 0.0) / weights.sum(axis=1)
