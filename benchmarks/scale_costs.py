"""What each stage of a study costs here, and how much each of the paper's networks computes.

Stages are measured: short studies run on the real photographs, and the tallies in their ``work.jsonl`` are read.
Networks are counted, not run: they are built with random weights on torch's meta device, where a pass takes no time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from jpegproof.correctors.qgac.crab import QgacCrab
from jpegproof.models.detectron2.picture_batch import picture_batch
from jpegproof.models.detectron2.retinanet import RetinaNet
from jpegproof.models.find import find_model
from jpegproof.studies.engine import Hands
from jpegproof.studies.fingerprint import fingerprint
from jpegproof.studies.run import run_study
from jpegproof.studies.spec import StudySpec
from jpegproof.studies.tally import STAGES, Tally
from jpegproof.studies.workshop import Workshop
from jpegproof.training.path_of_use import MARGIN

#: Boxes of a picture that the second stage looks at, and those of them that a mask head does: the most there may be.
_PROPOSALS, _DETECTIONS = 1000, 100

#: A picture becomes whole blocks of 4:2:0 before QGAC sees it.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages take of one core.

    Attributes:
        megapixels: of the mean picture that they were measured on.
        read, encode, decode: seconds per picture.
        store: seconds per picture and cell.
        cell_bytes: of prediction files, per picture and cell.
        correct, infer: seconds per picture of the networks that stood in, on one core; None where none corrected.
        counts: of the things that were timed.
    """

    megapixels: float
    read: float
    encode: float
    decode: float
    store: float
    cell_bytes: float
    correct: float | None
    infer: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Network:
    """What a network costs.

    Attributes:
        task: its name.
        multiply_adds: of one picture.
        parameters: how many.
        input: (H, W) of its input.
        preparation: the same for equal preparations.
        seen: (H, W) of the part of a picture that a training corrects.
        prepare: seconds of one core that preparing one picture takes.
    """

    task: str
    multiply_adds: float
    parameters: int
    input: tuple[int, int]
    preparation: str
    seen: tuple[int, int]
    prepare: float


def tally_of(files: Sequence[Path]) -> Tally:
    """The sum of the tallies in some ``work.jsonl``.

    Raises:
        ValueError: a file holds no tally.
    """
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    tallies = [Tally.from_dict(line) for line in lines if "counts" in line]
    if not tallies:
        raise ValueError(f"{', '.join(map(str, files))}: no line holds a unit's counts and seconds")
    return sum(tallies[1:], tallies[0])


def stages_of(tally: Tally, megapixels: float, cell_bytes: float) -> Stages:
    """Costs per thing from a tally of all its things."""
    each = {stage: tally.seconds[stage] / tally.counts[stage] if tally.counts[stage] else None for stage in STAGES}
    cells = tally.counts["infer"]  # pictures through a model: one for each picture of each cell
    return Stages(
        megapixels=megapixels,
        read=each["read"] or 0.0,
        encode=each["encode"] or 0.0,
        decode=each["decode"] or 0.0,
        store=tally.seconds["store"] / cells,
        cell_bytes=cell_bytes,
        correct=each["correct"],
        infer=each["infer"] or 0.0,
        counts=dict(tally.as_dict()["counts"]),
    )


def short_studies(real: Path, pictures: int) -> dict[str, StudySpec]:
    """One small study per kind of task on the real photographs; forensics stores little more than classification."""
    corrector = {"default": {"from": "jpegproof"}}
    cured = ["none", {"mitigation": "off_the_shelf", "corrector": "default"}]
    content = {
        "classification": {
            "data": {"photographs": {"path": real / "imagenet-sample/val", "layout": "imagenet", "limit": pictures}},
            "models": {
                "model": {"from": "torchvision:squeezenet1_1", "weights": real / "weights/squeezenet1_1.safetensors"}
            },
            "correctors": corrector,
            "mitigations": cured,
        },
        "detection": {
            "data": {"photographs": {"path": real / "coco", "layout": "coco", "limit": pictures}},
            "models": {"model": {"from": f"{real}/nanodet/nanodet.py:load_nanodet", "task": "detection"}},
        },
        "semantic_segmentation": {
            "data": {
                "photographs": {
                    "path": real / "camvid/val",
                    "labels": real / "camvid/valannot",
                    "classes": real / "camvid/classes.txt",
                    "void": "Unlabelled",
                    "limit": min(pictures, 8),
                }
            },
            "models": {
                "model": {
                    "from": "torchvision:lraspp_mobilenet_v3_large",
                    "weights": "random",
                    "arguments": {"classes": 11},
                }
            },
        },
    }
    usual = {"compression": {"qualities": [10, 90]}, "mitigations": ["none"]}
    return {
        task: StudySpec.model_validate(json.loads(json.dumps({"name": task, **usual, **parts}, default=str)))
        for task, parts in content.items()
    }


def measured_stages(spec: StudySpec, out: Path) -> Stages:
    """Runs a study in this process, and reads its tallies.

    The clock of the tallies is the process's own time here: what others do on the machine does not count, and neither
    does waiting for the disk.
    """
    run_study(_of_pictures(spec, 2), out / "warm-up", Hands(), allow_code=True)  # what is loaded once is not a stage's
    with patch("jpegproof.studies.tally.time", SimpleNamespace(perf_counter=time.process_time)):
        run_study(spec, out, Hands(), allow_code=True)
    workshop = Workshop(spec, allow_code=True)
    sizes = [workshop.pictures("photographs").pixels(number).shape for number in workshop.chosen("photographs")]
    tally = tally_of([out / "work.jsonl"])
    stored = sum(file.stat().st_size for file in out.glob("predictions/**/*.parquet"))
    megapixels = float(np.mean([height * width for height, width, _ in sizes]) / 1e6)
    return stages_of(tally, megapixels, stored / tally.counts["infer"])


def _of_pictures(spec: StudySpec, limit: int) -> StudySpec:
    """The same study on a few of its pictures."""
    content = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    content["data"]["photographs"]["limit"] = limit
    return StudySpec.model_validate(content)


def multiply_adds(work: Callable[[], Any]) -> float:
    """Of the convolutions and matrix products in a call; on the meta device nothing is computed."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        work()
    return counter.get_total_flops() / 2


@cache
def network(name: str, size: tuple[int, int]) -> Network:
    """A network's cost on pictures of (H, W), built with random weights on the meta device."""
    picture = np.asarray(np.random.default_rng(0).integers(0, 256, (*size, 3)), dtype=np.uint8)
    with torch.device("meta"):
        model = find_model(name, weights="random")
        framed = model.preparation.frame(picture)[0]
        height, width = framed.shape[:2]
        inputs = torch.zeros(1, 3, height, width)
        whole: Any = model.network
        if name.startswith("detectron2:"):
            cost = _detector(whole, inputs[0])
        elif name.startswith("forensics:"):
            cost = multiply_adds(lambda: whole.network(inputs))
        else:
            cost = multiply_adds(lambda: whole(inputs))

    def prepare() -> None:
        model.preparation.normalise(model.preparation.frame(picture)[0])

    top, left, bottom, right = model.preparation.seen(size)
    seen = min(bottom - top + 2 * MARGIN, size[0]), min(right - left + 2 * MARGIN, size[1])
    return Network(
        model.task.name,
        cost,
        sum(parameter.numel() for parameter in whole.parameters()),
        (height, width),
        fingerprint(dict(model.preparation.describe())),
        seen,
        process_seconds(prepare, 9),
    )


def _detector(whole: Any, picture: torch.Tensor) -> float:
    """Detectors choose boxes by what they see, which nothing on the meta device shows: counted part by part."""
    pixels = picture_batch([picture]).pixels
    maps = whole.backbone(pixels)
    cost = multiply_adds(lambda: whole.backbone(pixels))
    if isinstance(whole, RetinaNet):
        return cost + multiply_adds(lambda: [whole.head(level) for level in maps.values()])
    if hasattr(whole, "proposal_generator"):
        cost += multiply_adds(lambda: whole.proposal_generator(maps))
    heads = whole.roi_heads
    cost += multiply_adds(lambda: heads.box_predictor(heads.box_head(torch.zeros(_PROPOSALS, 256, 7, 7))))
    if heads.mask_head is not None:
        cost += multiply_adds(lambda: heads.mask_head(torch.zeros(_DETECTIONS, 256, 14, 14)))
    return cost


@cache
def corrector_cost(size: tuple[int, int]) -> float:
    """Multiply-adds of QGAC-CRAB on a picture of (H, W)."""
    height, width = (-(-side // _BLOCK) * _BLOCK for side in size)
    with torch.device("meta"):
        crab, table = QgacCrab().eval(), torch.zeros(1, 1, 8, 8)
        luma, chroma = torch.zeros(1, 1, height, width), torch.zeros(1, 2, height // 2, width // 2)
        return multiply_adds(lambda: crab(table, luma, table, chroma))


@cache
def corrector_parameters() -> int:
    """Of QGAC-CRAB."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in QgacCrab().parameters())


def process_seconds(work: Callable[[], Any], repeats: int) -> float:
    """The median seconds of this process that a call takes, after one that does not count."""
    work()
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return median(taken)


def naming_costs() -> tuple[float, float]:
    """Seconds of one core: per byte that a digest reads, and per cell that is named."""
    block = bytes(8_000_000)
    per_byte = process_seconds(lambda: blake2b(block, digest_size=16).digest(), 5) / len(block)
    facts = {"protocol": 1, "shard": "0" * 32, "compression": "1" * 32, "stage": "source", "edge": "2" * 32}
    per_cell = process_seconds(lambda: [fingerprint(facts) for _ in range(1000)], 5) / 1000
    return per_byte, per_cell
