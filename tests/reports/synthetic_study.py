"""Rows as a small study would give them, made up from formulas so that every number is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jpegproof.analysis.rows import Comparison, Result
from jpegproof.reports.study_record import StudyRecord

QUALITIES = tuple(range(10, 100, 10))

ROW = Result(
    task="classification",
    dataset="photos",
    slice="all",
    model="squeezenet1_1",
    metric="top1",
    mitigation="none",
    corrector="identity",
    codec="jpeg",
    subsampling="4:2:0",
    chain="",
    stage="source",
    quality=10,
    value=44.6,
    ci_low=40.2,
    ci_high=49.0,
    n=500,
    n_skipped=0,
    bytes_per_image=5120.0,
    seed=0,
)

EDGES = (("none", "identity"), ("off_the_shelf", "default"), ("task_targeted", "default_squeezenet"))


def reference(value: float | None = 60.0, **changes: Any) -> Result:
    """The row of the originals."""
    empty = {"codec": "", "subsampling": "", "chain": "", "stage": "", "quality": None, "bytes_per_image": None}
    interval = {"ci_low": 55.6, "ci_high": 64.4} if value is not None else {"ci_low": None, "ci_high": None}
    return replace(ROW, **{**empty, **interval, "value": value, **changes})


def compressed(value: float | None, quality: int | None = 10, **changes: Any) -> Result:
    """A row of one quality; its interval is 4.4 points to both sides."""
    ends = {"ci_low": None, "ci_high": None} if value is None else {"ci_low": value - 4.4, "ci_high": value + 4.4}
    return replace(ROW, **{**ends, "value": value, "quality": quality, **changes})


def paired(
    first: tuple[str, str], second: tuple[str, str], difference: float, half: float, **changes: Any
) -> Comparison:
    """A comparison at quality 10 with an interval of ``difference`` plus and minus ``half``."""
    row = Comparison(
        task="classification",
        dataset="photos",
        slice="all",
        model="squeezenet1_1",
        metric="top1",
        codec="jpeg",
        subsampling="4:2:0",
        chain="",
        stage="source",
        quality=10,
        first_mitigation=first[0],
        first_corrector=first[1],
        second_mitigation=second[0],
        second_corrector=second[1],
        difference=difference,
        ci_low=difference - half,
        ci_high=difference + half,
        n=500,
        seed=0,
    )
    return replace(row, **changes)


def study_rows(models: Sequence[str] = ("squeezenet1_1",), metric: str = "top1", **changes: Any) -> list[Result]:
    """All qualities and three mitigations of some models: what is lost halves with each step of quality."""
    rows = []
    for nth, model in enumerate(models):
        top = 60.0 + 11.3 * nth
        rows.append(reference(top, model=model, metric=metric, ci_low=top - 4.4, ci_high=top + 4.4, **changes))
        for share, (mitigation, corrector) in zip((1.0, 0.6, 0.35), EDGES, strict=True):
            for step, quality in enumerate(QUALITIES):
                value = top - share * 15.4 * 0.62**step
                named = {"model": model, "metric": metric, "mitigation": mitigation, "corrector": corrector}
                size = 4000.0 + 90.0 * quality
                rows.append(compressed(value, quality, bytes_per_image=size, **{**named, **changes}))
    return rows


def study_comparisons(rows: Sequence[Result]) -> list[Comparison]:
    """Every cure against none and none against the originals, at every quality of ``rows``."""
    found = []
    untreated = {(row.model, row.metric, row.quality): row.value or 0.0 for row in rows if row.mitigation == "none"}
    for row in rows:
        if row.quality is None or row.value is None:
            continue
        same = {
            "model": row.model,
            "metric": row.metric,
            "quality": row.quality,
            "dataset": row.dataset,
            "task": row.task,
            "subsampling": row.subsampling,
        }
        edge = (row.mitigation, row.corrector)
        if row.mitigation == "none":
            difference = row.value - untreated[row.model, row.metric, None]
            found.append(paired(("reference", ""), edge, difference, 2.5, **same))
        else:
            difference = row.value - untreated[row.model, row.metric, row.quality]
            found.append(paired(("none", "identity"), edge, difference, 2.0, **same))
    return found


def record(results: Sequence[Result] = (), **changes: Any) -> StudyRecord:
    """A study of some rows, with no comparisons unless given."""
    empty = StudyRecord("A study", list(results), [], [], {"Pillow": "11.3.0"}, "qualities: [10, 50]\n")
    return replace(empty, **changes)
