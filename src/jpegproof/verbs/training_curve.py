"""The log of a training as a table: what was learned, how fast, and what the held-back pictures said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jpegproof.analysis.rows import write_rows

CURVE_FILE = "training.csv"


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One row of ``training.csv``.

    Attributes:
        step: updates made.
        loss: mean since the row before that has one.
        learning_rate: of the last update.
        held_back_loss: mean over the pictures that say when to stop.
    """

    step: int
    loss: float | None
    learning_rate: float | None
    held_back_loss: float | None


def write_curve(path: Path, record: Mapping[str, Any]) -> None:
    """Writes the log of a training: a row for each step at which something is told.

    Args:
        path: of the file.
        record: what was written of the training beside its artifact.

    Raises:
        StoreError: the file cannot be written.
    """
    losses, rates, held_back = (
        {int(step): float(value) for step, value in record[key]} for key in ("losses", "rates", "held_back")
    )
    steps = sorted({*losses, *held_back})
    rows = [CurvePoint(step, losses.get(step), rates.get(step), held_back.get(step)) for step in steps]
    write_rows(path, CurvePoint, rows)
