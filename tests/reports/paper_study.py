"""Rows of studies whose models are the paper's, with the paper's own numbers moved by a known amount."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic_study import compressed, reference

from jpegproof.analysis.rows import Gap, Result
from jpegproof.paper.published import published_numbers

SOURCES = {"ResNet-50": "torchvision:resnet50", "finder": "detectron2:faster_rcnn_R_50_FPN", "own": "x.py:build"}

#: The correctors of the made-up studies, by what they were trained through.
THROUGH = {
    "through-mobile": ("MobileNetV2",),
    "through-18": ("ResNet-18",),
    "pair": ("ResNet-50", "FasterRCNN"),
    "triple": ("ResNet-50", "FasterRCNN", "HRNetV2 + C1"),
}
_OURS = {
    "off_the_shelf": ("off_the_shelf", "default"),
    "transfer_mobilenetv2": ("transfer", "through-mobile"),
    "transfer_resnet18": ("transfer", "through-18"),
    "multihead_two": ("multihead", "pair"),
    "multihead_three": ("multihead", "triple"),
}
_TASKS = {"segmentation": "semantic_segmentation"}


def paper_rows(table: int, models: Sequence[str] | None = None, moved: float = 1.0) -> list[Result]:
    """A study that has every number of a table, ``moved`` points above the paper's, with intervals of 4.4 points."""
    numbers = [n for n in published_numbers() if n.table == table and (models is None or n.model in models)]
    rows: dict[str, list[Result]] = {}
    for number in numbers:
        task = _TASKS.get(number.task, number.task)
        where = {"task": task, "model": number.model, "metric": number.metric, "dataset": task}
        own = rows.setdefault(number.model, [reference(number.reference, **where)])
        mitigation, corrector = _OURS.get(number.mitigation, (number.mitigation, "identity"))
        corrector = f"through-{number.model}" if mitigation == "task_targeted" else corrector
        if number.value is not None:
            named = {**where, "mitigation": mitigation, "corrector": corrector}
            own.append(compressed(number.value + moved, number.quality, **named))
    return [row for own in rows.values() for row in own]


def gap(row: Result, share: float | None, half: float | None) -> Gap:
    """The share of the gap that a row closes, with an interval of ``half`` to each side."""
    ends = (None, None) if share is None or half is None else (share - half, share + half)
    same = {name: getattr(row, name) for name in ("task", "dataset", "slice", "model", "metric", "mitigation")}
    setting = {
        name: getattr(row, name) for name in ("corrector", "codec", "subsampling", "chain", "stage", "n", "seed")
    }
    quality = str(row.quality)
    return Gap(**same, **setting, quality=quality, gap=10.0, share=share, ci_low=ends[0], ci_high=ends[1])
