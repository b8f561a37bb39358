"""Reading ``results.csv`` back, for views that put other numbers beside it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jpegproof.analysis.rows import Result
from jpegproof.exceptions import StoreError

_NUMBERS = ("value", "ci_low", "ci_high", "bytes_per_image")
_COUNTS = ("n", "n_skipped", "seed")
_TEXTS = (
    "task",
    "dataset",
    "slice",
    "model",
    "metric",
    "mitigation",
    "corrector",
    "codec",
    "subsampling",
    "chain",
    "stage",
)


def read_results(path: Path) -> list[Result]:
    """The rows of a ``results.csv``; none where there is no such file.

    Raises:
        StoreError: the file is damaged, or another file of that name.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [_result(line) for line in csv.DictReader(file)]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: cannot be read ({error}); make it anew with jpegproof report") from error


def _result(line: Mapping[str, str]) -> Result:
    values: dict[str, Any] = {
        **{name: line[name] for name in _TEXTS},
        **{name: float(line[name]) if line[name] else None for name in _NUMBERS},
        **{name: int(line[name]) for name in _COUNTS},
        "quality": int(line["quality"]) if line["quality"] else None,
        "bits_per_pixel": float(line["bits_per_pixel"]) if line.get("bits_per_pixel") else None,
    }
    return Result(**values)
