"""A results folder's pictures as `sheets` and `explain` leave them, made up."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

LOOK: dict[str, object] = {
    "sheet": "net-q10-largest-gain-1.png",
    "file": "pictures/a-none.webp",
    "dataset": "photos",
    "picture": "a.jpg",
    "rule": "largest_gain",
    "gain": 12.5,
    "model": "net",
    "metric": "mIoU",
    "mitigation": "none",
    "corrector": "identity",
    "quality": 10,
    "value": 41.25,
    "fault": "",
    "answer": "",
}
EXPLAINED: dict[str, object] = {
    "sheet": "a-grad-cam.png",
    "dataset": "photos",
    "picture": "a.jpg",
    "rule": "median",
    "model": "net",
    "task": "classification",
    "target": "class tabby",
    "mitigation": "task_targeted",
    "corrector": "mine",
    "quality": 10,
}
MEASURED: dict[str, object] = {
    "task": "classification",
    "dataset": "photos",
    "model": "net",
    "measure": "cam_rank_correlation",
    "mitigation": "none",
    "corrector": "identity",
    "quality": 10,
    "value": 0.75,
    "ci_low": 0.7,
    "ci_high": 0.8,
    "n": 50,
    "n_skipped": 0,
    "seed": 0,
}
#: Of the looks, in the order of `look_rows`.
COLORS = ("#7a4a2a", "#6a5a3a", "#4a8a4a", "#3a6aaa", "#888888")


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A CSV with a header of the first row's names; None is an empty cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return path


def write_picture(path: Path, color: str = "#7a4a2a", size: tuple[int, int] = (48, 32)) -> Path:
    """A picture of one colour, in the format of its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def look_rows(**changes: object) -> list[dict[str, object]]:
    """One picture without a cure, with two, as the original and as the truth."""
    looks = [
        ("none", "identity", 10, 41.25),
        ("off_the_shelf", "default", 10, 45.5),
        ("task_targeted", "mine", 10, 53.75),
        ("none", "identity", None, 60.0),
        ("truth", "", None, None),
    ]
    return [
        {
            **LOOK,
            "mitigation": mitigation,
            "corrector": corrector,
            "quality": quality,
            "value": value,
            "file": f"pictures/a-{_name(mitigation, quality)}.webp",
            **changes,
        }
        for mitigation, corrector, quality, value in looks
    ]


def measured_rows(**changes: object) -> list[dict[str, object]]:
    """Two measures along two edges at two qualities."""
    return [
        {
            **MEASURED,
            "measure": measure,
            "mitigation": mitigation,
            "quality": quality,
            "value": value,
            "ci_low": value - 0.05,
            "ci_high": value + 0.05,
            **changes,
        }
        for measure in ("cam_rank_correlation", "gradient_rank_correlation")
        for mitigation, start in (("none", 0.5), ("task_targeted", 0.7))
        for quality, value in ((10, start), (50, start + 0.2))
    ]


def write_shown(folder: Path, size: tuple[int, int] = (480, 320), **changes: object) -> Path:
    """A whole folder: sheets with their pictures, a sheet of explanations, and its numbers."""
    rows = look_rows(**changes)
    write_table(folder / "sheets" / "sheets.csv", rows)
    for row, color in zip(rows, COLORS, strict=True):
        write_picture(folder / "sheets" / str(row["file"]), color, size)
    write_table(folder / "explain" / "explain.csv", [{**EXPLAINED, **changes}])
    write_picture(folder / "explain" / str(EXPLAINED["sheet"]), "#dddddd", (900, 600))
    write_table(folder / "explanations.csv", measured_rows(**changes))
    return folder


def _name(mitigation: str, quality: int | None) -> str:
    return "original" if quality is None and mitigation != "truth" else mitigation
