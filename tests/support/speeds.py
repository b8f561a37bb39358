"""Rows of speeds made up for tests."""

from __future__ import annotations

from typing import Any

from jpegproof.analysis.rows import Result
from jpegproof.analysis.speed import Speed


def speed(images_per_second: float, mitigation: str = "none", corrector: str = "identity", **changes: Any) -> Speed:
    """Whole inference of one edge at batch 1, as fast as is said."""
    fields: dict[str, Any] = {
        "task": "classification",
        "dataset": "photos",
        "model": "net",
        "device": "cpu",
        "threads": 1,
        "batch": 1,
        "phase": "inference",
        "stage": "whole",
        "low": images_per_second * 0.75,
        "high": images_per_second * 1.25,
        "seconds": 1 / images_per_second,
        "peak_memory_bytes": 400_000_000,
        "repeats": 10,
        "picture_size": "500x375",
        "qualities": "10+50",
    }
    return Speed(
        images_per_second=images_per_second, mitigation=mitigation, corrector=corrector, **{**fields, **changes}
    )


def result(value: float | None, mitigation: str = "none", corrector: str = "identity", **changes: Any) -> Result:
    """What the same edge is worth at quality 10."""
    fields: dict[str, Any] = {
        "task": "classification",
        "dataset": "photos",
        "slice": "all",
        "model": "net",
        "metric": "top1",
        "codec": "jpeg",
        "subsampling": "4:2:0",
        "chain": "",
        "stage": "source",
        "quality": 10,
        "ci_low": None if value is None else value - 1,
        "ci_high": None if value is None else value + 1,
        "n": 100,
        "n_skipped": 0,
        "bytes_per_image": 5000.0,
        "seed": 0,
    }
    return Result(value=value, mitigation=mitigation, corrector=corrector, **{**fields, **changes})
