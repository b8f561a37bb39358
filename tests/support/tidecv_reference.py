"""What tidecv 1.0.1 says of the same truths and detections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidecv import Data
from tidecv.quantify import TIDE, TIDERun

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.tide.faults import FAULTS, MAIN, Fault
from jpegproof.tasks.objects import Detections, Objects


def tidecv_data(truths: Sequence[Objects], detections: Sequence[Detections]) -> tuple[Data, Data]:
    """The same in tidecv's own terms, which its runs write into."""
    true, said = Data("true", max_dets=100), Data("said")
    for number, (objects, answers) in enumerate(zip(truths, detections, strict=True)):
        true.add_image(number, str(number))
        for at in range(len(objects)):
            add = true.add_ignore_region if objects.crowd[at] else true.add_ground_truth
            add(number, int(objects.labels[at]), *_region(objects, at))
        for at in range(len(answers)):
            box, mask = _region(answers, at)
            score: Any = float(answers.scores[at])  # annotated as whole numbers there
            said.add_detection(number, int(answers.labels[at]), score, box, mask)
    return true, said


def tidecv_run(true: Data, said: Data, kind: Kind, foreground: float = 0.5, background: float = 0.1) -> dict[str, Any]:
    """``ap``, ``rises`` and ``counts`` as in `jpegproof.analysis.tide.costs.Costs` (counts of the main kinds alone)."""
    run = TIDERun(true, said, foreground, background, TIDE.BOX if kind == "boxes" else TIDE.MASK, true.max_dets)
    main, special = run.fix_main_errors(), run.fix_special_errors()
    rises = dict(zip(FAULTS, [*main.values(), *special.values()], strict=True))
    counts: dict[Fault, int] = dict(zip(MAIN, run.count_errors().values(), strict=True))
    return {"ap": run.ap, "rises": rises, "counts": counts}


def tidecv_costs(
    truths: Sequence[Objects],
    detections: Sequence[Detections],
    kind: Kind,
    foreground: float = 0.5,
    background: float = 0.1,
) -> dict[str, Any]:
    """`tidecv_run` of `tidecv_data`."""
    return tidecv_run(*tidecv_data(truths, detections), kind, foreground, background)


def _region(items: Objects | Detections, at: int) -> tuple[list[float], Any]:
    left, top, right, bottom = (float(side) for side in items.boxes[at])
    mask = None if items.masks is None else {"size": list(items.size), "counts": items.masks[at]}
    return [left, top, right - left, bottom - top], mask
