"""How often a model's verdict changes along a delivery chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.analysis.columns import Column
from jpegproof.analysis.pooled import Resamples
from jpegproof.studies.plan import Plan

_SHARE = (0.0, 100.0)


@dataclass(frozen=True, slots=True)
class Flip:
    """How often a verdict is another one after a save of a chain than on the original. One row of ``flips.csv``.

    Attributes:
        chain: the chain's name.
        save: which of its saves, from 1.
        quality: of this save.
        flipped: pictures whose verdict is another one than on the original, in percent, with its 95 % interval.
        ever: pictures whose verdict was another one after this save or an earlier one, in percent, with its interval.
        n: pictures that count after every save so far.

    The other columns are those of `Result`.
    """

    task: str
    dataset: str
    model: str
    mitigation: str
    corrector: str
    chain: str
    save: int
    quality: int | None
    flipped: float
    flipped_low: float | None
    flipped_high: float | None
    ever: float
    ever_low: float | None
    ever_high: float | None
    n: int
    seed: int


def flips_along_chains(
    plan: Plan, model: str, data: str, columns: Sequence[Column], resamples: Resamples
) -> Iterator[Flip]:
    """The flips after each save of each chain of a study.

    A verdict is what ``agreement`` compares where it is a mean over pictures: a classifier's first class, real or fake.
    Other models have no rows. A chain ends where a save is not finished.
    """
    for edge in dict.fromkeys(column.edge for column in columns):
        for chain in dict.fromkeys(item.chain for item in plan.compressions if item.chain):
            saves = [item for item in plan.compressions if item.chain == chain]
            found = {column.compression: column for column in columns if column.edge == edge}
            ever: NDArray[np.float64] | None = None
            for number, item in enumerate(saves, 1):
                agreement = found[item].metrics.get("agreement") if item in found else None
                if not isinstance(agreement, np.ndarray):
                    break
                # NaN where a picture does not count, and stays so along the chain: maximum passes it on.
                flipped = 100.0 - agreement
                ever = flipped if ever is None else np.maximum(ever, flipped)
                both = np.stack([np.where(np.isnan(ever), np.nan, flipped), ever], axis=1)
                now, so_far = mean_intervals(both, resamples.seed, ranges=[_SHARE, _SHARE], block=resamples.block)
                if now.value is None or so_far.value is None:
                    break
                yield Flip(
                    task=plan.tasks[model],
                    dataset=data,
                    model=model,
                    mitigation=edge.mitigation,
                    corrector=edge.corrector,
                    chain=chain,
                    save=number,
                    quality=item.nominal_quality,
                    flipped=now.value,
                    flipped_low=now.low,
                    flipped_high=now.high,
                    ever=so_far.value,
                    ever_low=so_far.low,
                    ever_high=so_far.high,
                    n=now.n,
                    seed=plan.seed,
                )
