"""The figures are tidecv's own, on made-up scenes and on a real detector's answers."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from detected_scenes import scenes
from PIL import Image
from real_photographs import real_folder
from tidecv_reference import tidecv_costs

from jpegproof.analysis.detection.coco_rules import Kind
from jpegproof.analysis.tide.costs import find_costs
from jpegproof.analysis.tide.faults import MAIN, SPECIAL
from jpegproof.tasks.objects import Detections, Objects


def differences(true: Sequence[Objects], said: Sequence[Detections], kind: Kind, *thresholds: float) -> list[float]:
    """Of the average precision and of what each kind costs; the counts must be the same."""
    ours, theirs = find_costs(true, said, kind, *thresholds), tidecv_costs(true, said, kind, *thresholds)
    assert {fault: ours.counts[fault] for fault in MAIN} == theirs["counts"]
    return [ours.ap - theirs["ap"], *(ours.rises[fault] - theirs["rises"][fault] for fault in (*MAIN, *SPECIAL))]


@pytest.mark.parametrize("decimals", [None, 1], ids=["scores apart", "scores alike"])
@pytest.mark.parametrize("kind", ["boxes", "masks"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_made_up_scenes_cost_what_tidecv_says(seed: int, kind: Kind, decimals: int | None):
    true, said = scenes(seed, pictures=12, masks=kind == "masks", decimals=decimals)
    assert differences(true, said, kind) == pytest.approx([0] * 9, abs=1e-9)


def test_the_scenes_hold_every_kind_and_crowds():
    true, said = scenes(0, pictures=12)
    costs = find_costs(true, said)
    assert all(costs.counts[fault] > 0 for fault in MAIN)
    assert sum(cost > 0 for cost in costs.rises.values()) >= 7
    assert any(objects.crowd.any() for objects in true)
    assert any(len(objects) == 0 for objects in true)
    assert any(len(detections) == 0 for detections in said)
    named = set(np.concatenate([detections.labels for detections in said]))
    existing = set(np.concatenate([objects.labels for objects in true]))
    assert named - existing
    assert existing - named


@pytest.mark.parametrize("thresholds", [(0.75, 0.1), (0.5, 0.3), (0.3, 0.05)])
def test_other_thresholds_cost_what_tidecv_says(thresholds: tuple[float, float]):
    true, said = scenes(3, pictures=12)
    assert differences(true, said, "boxes", *thresholds) == pytest.approx([0] * 9, abs=1e-9)


def test_only_the_hundred_best_of_a_picture_count_as_in_tidecv():
    true, said = scenes(4, pictures=4)
    crowd = [
        Detections(
            item.size,
            np.tile(item.boxes, (60, 1)),
            np.tile(item.labels, 60),
            np.linspace(1, 0, 60 * len(item), dtype=np.float32),
        )
        for item in said
    ]
    assert max(map(len, crowd)) > 100
    assert differences(true, crowd, "boxes") == pytest.approx([0] * 9, abs=1e-9)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("quality", [None, 10, 30])
def test_a_real_detector_on_real_photographs_costs_what_tidecv_says(quality: int | None):
    true, said = nanodet_on_coco(real_folder(), quality)
    assert differences(true, said, "boxes") == pytest.approx([0] * 9, abs=0.01)


def nanodet_on_coco(folder: Path, quality: int | None) -> tuple[list[Objects], list[Detections]]:
    """The truth of the 64 photographs, and what NanoDet says of them as they are or compressed at a quality."""
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        coco: Any = COCO(folder / "coco" / "instances.json")
    spec = importlib.util.spec_from_file_location("nanodet_of_a_user", folder / "nanodet" / "nanodet.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.load_nanodet().eval()
    true, said = [], []
    for number, facts in sorted(coco.imgs.items()):
        found = coco.loadAnns(coco.getAnnIds([number]))
        boxes = np.array([item["bbox"] for item in found], dtype=np.float64).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        size = (facts["height"], facts["width"])
        true.append(
            Objects(
                size,
                boxes,
                np.array([item["category_id"] for item in found], dtype=np.int64),
                np.array([item["iscrowd"] for item in found], dtype=bool),
                np.array([item["area"] for item in found], dtype=np.float64),
            )
        )
        with torch.no_grad():
            answer = network([_pixels(folder / "coco" / "images" / facts["file_name"], quality)])[0]
        said.append(Detections(size, *(answer[name].numpy() for name in ("boxes", "labels", "scores"))))
    return true, said


def _pixels(path: Path, quality: int | None) -> torch.Tensor:
    picture = Image.open(path).convert("RGB")
    if quality is not None:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        picture = Image.open(file)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255
