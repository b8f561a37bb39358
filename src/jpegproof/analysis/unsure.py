"""What a detector of fakes gains by leaving pictures without a verdict, and how many it leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from jpegproof.analysis.bootstrap import mean_intervals
from jpegproof.analysis.forensics import THRESHOLD
from jpegproof.analysis.stored import is_whole, read_cells
from jpegproof.studies.plan import Plan
from jpegproof.studies.store import Store
from jpegproof.tasks.fake_detector import FAKE

#: How far from a half a score must be for a verdict, at least.
BANDS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.45)

#: The stored columns that are read.
_COLUMNS = ("label", "score")
_SHARE = (0.0, 100.0)


@dataclass(frozen=True, slots=True)
class UnsureRow:
    """A detector that gives no verdict where its score is near a half. One row of ``unsure.csv``.

    Attributes:
        quality: libjpeg quality 1..100; ``None`` for the uncompressed originals.
        band: pictures whose score is less than this from 0.5 get no verdict.
        coverage: the share of the pictures that get one, in percent, with its 95 % bootstrap interval (``None`` at
            both ends where the band is 0: then all do, by definition).
        accuracy: the share of the verdicts that are right, in percent, with its interval; ``None`` where no picture
            gets one, or none of these has a label.
        n: pictures that count.
        n_decided: of these, pictures with a verdict and a label, of which the accuracy is.

    The other columns are those of `jpegproof.analysis.rows.Result`.
    """

    task: str
    dataset: str
    slice: str
    model: str
    mitigation: str
    corrector: str
    codec: str
    subsampling: str
    chain: str
    stage: str
    quality: int | None
    band: float
    coverage: float | None
    coverage_low: float | None
    coverage_high: float | None
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    n: int
    n_decided: int
    seed: int


def study_unsure(plan: Plan, store: Store, finished: frozenset[str]) -> list[UnsureRow]:
    """Each detector of fakes with each band, along every edge and at every compression that is finished.

    Raises:
        StoreError: a prediction file is damaged.
    """
    rows: list[UnsureRow] = []
    for model in (name for name, task in plan.tasks.items() if task == "forensics"):
        for number, compression in enumerate(plan.compressions):
            for edge_number, edge in enumerate(plan.edges):
                cells = plan.cells_of(edge_number, number)
                if edge.model != model or not is_whole(cells, finished):
                    continue
                data = plan.shards[cells[0].shard].data
                original = compression.is_original
                where: dict[str, Any] = {
                    "task": plan.tasks[model],
                    "dataset": data,
                    "slice": "all",
                    "model": model,
                    "mitigation": edge.mitigation,
                    "corrector": edge.corrector,
                    "codec": compression.codec,
                    "subsampling": "" if original else compression.subsampling,
                    "chain": "",
                    "stage": "" if original else plan.stage,
                    "quality": compression.nominal_quality,
                    "seed": plan.seed,
                }
                answers = read_cells(store, cells, _COLUMNS)
                rows += [
                    UnsureRow(**where, **found) for found in unsure_bands(answers, plan.seed, plan.data[data].block)
                ]
    return rows


def unsure_bands(answers: pa.Table, seed: int, block: int = 1) -> Iterator[dict[str, Any]]:
    """The numbers of each band, by their names in `UnsureRow`.

    Args:
        answers: stored answers with label and score, one row per picture.
        seed: of the bootstrap.
        block: how many pictures are drawn together.
    """
    label, score = (answers.column(name).cast(pa.float64()).fill_null(np.nan).to_numpy() for name in _COLUMNS)
    known = np.isfinite(score)
    for band in BANDS:
        decided = np.abs(score - THRESHOLD) >= band
        covered = np.where(known, 100.0 * decided, np.nan)
        right = np.where(known & decided & np.isfinite(label), 100.0 * ((score > THRESHOLD) == (label == FAKE)), np.nan)
        coverage, accuracy = mean_intervals(
            np.stack([covered, right], axis=1), seed, ranges=[_SHARE, _SHARE], block=block
        )
        yield {
            "band": band,
            "coverage": coverage.value,
            "coverage_low": coverage.low if band else None,
            "coverage_high": coverage.high if band else None,
            "accuracy": accuracy.value,
            "accuracy_low": accuracy.low,
            "accuracy_high": accuracy.high,
            "n": coverage.n,
            "n_decided": accuracy.n,
        }
