"""Which label-free distance cures a detector best? A corrector is trained through NanoDet with each, label-free.

The default corrector learns for a few hundred steps on photographs compressed at random, its loss being one of the
distances. What counts is measured on photographs that none of them saw, compressed at one quality: how well the
detector's answers agree with its own on the originals (mAP against its own detections with a score of at least 0.5).
Intervals are over photographs (bootstrap); differences are paired. COCO's photographs take no part.

    python -m benchmarks.detection_distance REAL [--steps 200] [--out docs/results/detection-distance.json]

REAL is the folder of real photographs and weights (docs/real-data.md); it needs ``bsds500``, ``imagenet-sample`` and
``nanodet``.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from jpegproof.correctors.default import corrector_bytes, default_corrector, load_corrector
from jpegproof.correctors.grid_corrector import GridCorrector
from jpegproof.correctors.protocol import to_pixels
from jpegproof.data.folder import UnlabelledFolder
from jpegproof.jpeg.codec import Pixels, decode, encode
from jpegproof.jpeg.compression import Compression
from jpegproof.models.detectors.find import as_detector
from jpegproof.models.entry_point import entry_point_model
from jpegproof.tasks.dense_distance import dense_distance
from jpegproof.tasks.detector import Dense, Detector
from jpegproof.training.examples import Example, Examples
from jpegproof.training.loop import train
from jpegproof.training.recipe import Recipe

FOLDERS = ("bsds500", "imagenet-sample/val")

#: Every so manyth photograph is held back. Half of them: on 153 there are but 116 confident detections to agree with.
HELD_BACK = 2

#: Larger photographs are left out, so that a step has a bounded cost.
LARGEST_PIXELS = 300_000

#: A detection of the original is taken for true from this score on.
CONFIDENT = 0.5

RESAMPLES = 400

Distance = Callable[[Dense, Dense], Tensor]


def without(names: Sequence[str], distance: Distance) -> Distance:
    """The distance of answers that lack some tensors."""

    def reduced(dense: Dense) -> Dense:
        return replace(dense, tensors={name: value for name, value in dense.tensors.items() if name not in names})

    return lambda answer, original: distance(reduced(answer), reduced(original))


def by_class(answer: Dense, original: Dense) -> Tensor:
    """As ``belief``, but each class of a place counts by how much the original believes in that very class there."""
    belief = {**original.belief, "logits": original.tensors["logits"].sigmoid()}
    return dense_distance(answer, replace(original, belief=belief), "belief")


def as_probabilities(answer: Dense, original: Dense) -> Tensor:
    """As ``belief``, but classes are compared as probabilities, which forgive what is far from any threshold."""

    def squashed(dense: Dense) -> Dense:
        return replace(dense, tensors={**dense.tensors, "logits": dense.tensors["logits"].sigmoid()})

    return dense_distance(squashed(answer), squashed(original), "belief")


CANDIDATES: Mapping[str, Distance] = {
    "even": partial(dense_distance, weighting="even"),
    "spread": partial(dense_distance, weighting="spread"),
    "belief": partial(dense_distance, weighting="belief", floor=0.01),
    "belief, floor 0.1": partial(dense_distance, weighting="belief", floor=0.1),
    "belief, no decoded boxes": without(["boxes"], partial(dense_distance, weighting="belief", floor=0.01)),
    "belief by class": by_class,
    "belief, probabilities": as_probabilities,
}


class TargetDetector:
    """Objective: a corrector learns to keep a frozen detector's dense answers."""

    def __init__(self, corrector: GridCorrector, detector: Detector, distance: Distance) -> None:
        self._corrector = corrector
        self._detector = detector
        self._distance = distance

    @property
    def learner(self) -> torch.nn.Module:
        return self._corrector.network

    def train(self) -> None:
        self.learner.requires_grad_(True).train()

    def loss(self, examples: Sequence[Example]) -> Tensor:
        originals = [as_input(example.original) for example in examples]
        restored = self._corrector.restore([example.jpeg for example in examples])
        # Clamped in value but not in gradient.
        restored = [picture + (picture.clamp(0, 1) - picture).detach() for picture in restored]
        with torch.no_grad():
            wanted = self._detector.dense(originals)
        answers = self._detector.dense(restored, wanted)
        return torch.stack([self._distance(*pair) for pair in zip(answers, wanted, strict=True)]).mean()

    def describe(self) -> Mapping[str, Any]:
        return {"objective": "target_detector"}


def size_of(path: Path) -> int:
    """Of a picture, in pixels."""
    with Image.open(path) as picture:
        return picture.width * picture.height


def as_input(pixels: Pixels) -> Tensor:
    return torch.from_numpy(np.array(pixels)).permute(2, 0, 1).float().div(255)


class Agreement:
    """mAP of detections against the detector's own confident ones on the originals, in percent; pooled over images."""

    def __init__(self, truths: Sequence[Mapping[str, Tensor]]) -> None:
        from pycocotools.coco import COCO

        self.count = len(truths)
        annotations = []
        for image, truth in enumerate(truths):
            for box, label, score in zip(truth["boxes"], truth["labels"], truth["scores"], strict=True):
                if float(score) >= CONFIDENT:
                    left, top, right, bottom = box.tolist()
                    kept = {"image_id": image, "category_id": int(label), "iscrowd": 0, "id": len(annotations) + 1}
                    kept |= {"bbox": [left, top, right - left, bottom - top], "area": (right - left) * (bottom - top)}
                    annotations.append(kept)
        self.objects = len(annotations)
        self._coco: Any = COCO()
        self._coco.dataset = {
            "images": [{"id": image} for image in range(self.count)],
            "annotations": annotations,
            "categories": [{"id": label} for label in sorted({one["category_id"] for one in annotations})],
        }
        with contextlib.redirect_stdout(io.StringIO()):
            self._coco.createIndex()

    def of(self, detections: Sequence[Mapping[str, Tensor]], resamples: Sequence[np.ndarray]) -> list[float]:
        """The agreement over all images, then over each resample of image numbers."""
        from pycocotools.cocoeval import COCOeval

        results = []
        for image, found in enumerate(detections):
            for box, label, score in zip(found["boxes"], found["labels"], found["scores"], strict=True):
                left, top, right, bottom = box.tolist()
                result = {"image_id": image, "category_id": int(label), "score": float(score)}
                results.append(result | {"bbox": [left, top, right - left, bottom - top]})
        values = []
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(self._coco, self._coco.loadRes(results), "bbox")
            evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
            evaluation.params.maxDets = [100]
            evaluation.evaluate()
            # (category, image): an image's matches do not change with the company it is resampled in.
            matches = np.array(evaluation.evalImgs, dtype=object).reshape(-1, self.count)
            for chosen in [np.arange(self.count), *resamples]:
                evaluation.evalImgs = matches[:, chosen].ravel().tolist()
                evaluation.accumulate()
                precision = evaluation.eval["precision"]
                values.append(100 * float(precision[precision > -1].mean()))
        return values


def detections_of(detector: Detector, pixels: Sequence[Pixels]) -> list[Mapping[str, Tensor]]:
    with torch.inference_mode():
        return [detector([as_input(one)])[0] for one in pixels]


def compressed(pixels: Pixels, quality: int) -> Any:
    return decode(encode(pixels, Compression("jpeg", quality)))


def interval(values: Sequence[float]) -> dict[str, float]:
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return {"value": round(values[0], 2), "ci_low": round(float(low), 2), "ci_high": round(float(high), 2)}


def trained(
    distance: Distance, name: str, detector: Detector, examples: Examples, recipe: Recipe, args: argparse.Namespace
) -> GridCorrector:
    """The corrector that a distance trains; from the folder of work where it was trained before."""
    stem = re.sub(r"\W+", "-", name)
    kept = (
        args.work or Path()
    ) / f"{stem}-{recipe.steps}x{recipe.batch}-{recipe.learning_rate}-{recipe.seed}.safetensors"
    if args.work is not None and kept.is_file():
        return load_corrector(kept)
    corrector = default_corrector()
    train(TargetDetector(corrector, detector, distance), examples, recipe)
    if args.work is not None:
        args.work.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(corrector_bytes(corrector.network.state_dict(), corrector.network, "task_targeted"))
    return corrector


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("real", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--quality", type=int, default=10, help="at which agreement is measured")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each candidate")
    parser.add_argument("--candidates", nargs="*", choices=list(CANDIDATES), default=list(CANDIDATES))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--work", type=Path, help="keeps trained correctors there, and trains none anew that it holds")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    nanodet = entry_point_model(f"{args.real / 'nanodet' / 'nanodet.py'}:load_nanodet", None, {}).network
    detector = as_detector(nanodet.requires_grad_(False))
    training, held_back = [], []
    for folder in FOLDERS:
        pictures = UnlabelledFolder(args.real / folder)
        small = [n for n in range(len(pictures)) if size_of(args.real / folder / pictures.name(n)) <= LARGEST_PIXELS]
        training.append((pictures, [n for place, n in enumerate(small) if place % HELD_BACK]))
        held_back += [pictures.pixels(n) for n in small[::HELD_BACK]]
    jpegs = [compressed(pixels, args.quality) for pixels in held_back]
    agreement = Agreement(detections_of(detector, held_back))
    random = np.random.default_rng(0)
    resamples = [random.integers(0, agreement.count, agreement.count) for _ in range(RESAMPLES)]
    found: dict[str, Any] = {
        "detector": "NanoDet-m",
        "trained_on": sum(len(numbers) for _, numbers in training),
        "measured_on": agreement.count,
        "objects": agreement.objects,
        "quality": args.quality,
        "steps": args.steps,
        "batch": args.batch,
        "learning_rate": args.learning_rate,
        "resamples": RESAMPLES,
        "agreement": {},
    }
    rows: dict[str, list[float]] = {}

    def record(name: str, values: list[float], **more: Any) -> None:
        rows[name] = values
        found["agreement"][name] = {**interval(values), **more}
        base = rows.get("off the shelf")
        if base is not None and base is not values:
            gain = [value - other for value, other in zip(values, base, strict=True)]
            found["agreement"][name]["over_off_the_shelf"] = interval(gain)
        print(name, json.dumps(found["agreement"][name]), flush=True)
        if args.out:
            args.out.write_text(json.dumps(found, indent=2) + "\n")

    def corrected(corrector: GridCorrector) -> list[float]:
        corrector.precision = "bfloat16"
        return agreement.of(detections_of(detector, [to_pixels(corrector([jpeg])[0]) for jpeg in jpegs]), resamples)

    record("none", agreement.of(detections_of(detector, [jpeg.pixels for jpeg in jpegs]), resamples))
    record("off the shelf", corrected(default_corrector()))
    for name in args.candidates:
        values = []
        begun = time.perf_counter()
        for seed in range(args.seeds):
            recipe = Recipe(args.steps, args.batch, args.learning_rate, qualities=(8, 40), seed=seed)
            values.append(
                corrected(trained(CANDIDATES[name], name, detector, Examples(training, recipe), recipe, args))
            )
        # The mean over the trainings, resample by resample.
        record(
            name,
            np.mean(values, axis=0).tolist(),
            seeds=[round(one[0], 2) for one in values],
            seconds=round(time.perf_counter() - begun),
        )


if __name__ == "__main__":
    main()
