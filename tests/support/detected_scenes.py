"""Made-up truths and detections with every kind of fault in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jpegproof.tasks.masks import encode_mask
from jpegproof.tasks.objects import Detections, Objects

SIZE = (96, 128)


def scenes(
    seed: int,
    pictures: int = 40,
    classes: int = 5,
    masks: bool = False,
    decimals: int | None = None,
    recall: float = 0.75,
) -> tuple[list[Objects], list[Detections]]:
    """Truths and detections of some pictures: right, misplaced, misnamed, doubled, in crowds, and of nothing at all.

    Args:
        seed: everything depends on it and on the other arguments alone.
        pictures: how many; some have no objects, some no detections.
        classes: labels are 3, 6, 9, ...; the last is never true, the last but one never detected.
        masks: whether ellipses in the boxes are given as masks.
        decimals: scores are rounded to so many, so that many are alike; None leaves them.
        recall: of an object being noticed.
    """
    random = np.random.default_rng([seed, pictures, classes])
    pairs = [_scene(random, classes, masks, decimals, recall) for _ in range(pictures)]
    return [true for true, _ in pairs], [said for _, said in pairs]


def objects(
    boxes: list[list[float]], labels: list[int], crowd: list[bool] | None = None, masks: bool = False
) -> Objects:
    """The truth of a picture of `SIZE`."""
    corners = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    areas = np.prod(corners[:, 2:] - corners[:, :2], axis=1)
    flags = np.array(crowd if crowd is not None else [False] * len(labels), dtype=bool)
    return Objects(SIZE, corners, np.array(labels, dtype=np.int64), flags, areas, _ellipses(corners) if masks else None)


def detections(boxes: list[list[float]], labels: list[int], scores: list[float], masks: bool = False) -> Detections:
    """What a detector says of a picture of `SIZE`."""
    corners = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    drawn = _ellipses(corners) if masks else None
    return Detections(SIZE, corners, np.array(labels, dtype=np.int64), np.array(scores, dtype=np.float32), drawn)


def _scene(
    random: np.random.Generator, classes: int, masks: bool, decimals: int | None, recall: float
) -> tuple[Objects, Detections]:
    count = int(random.integers(0, 9))
    boxes = [_box(random) for _ in range(count)]
    labels = (3 * random.integers(1, classes, count)).tolist()
    crowd = (random.random(count) < 0.12).tolist()
    said: list[tuple[list[float], int]] = []
    for box, label, many in zip(boxes, labels, crowd, strict=True):
        for _ in range(int(random.integers(1, 4))):
            if random.random() < recall:
                wanders = float(random.choice([0.03, 0.12, 0.35]))
                name = label if random.random() < 0.8 else 3 * int(random.integers(1, classes + 1))
                said.append((_moved(random, box, 0.5 if many else wanders), name))
    said += [(_box(random), 3 * int(random.integers(1, classes + 1))) for _ in range(int(random.integers(0, 5)))]
    said = [(box, label) for box, label in said if label != 3 * (classes - 1)]
    if random.random() < 0.1:
        said = []
    scores = np.sort(random.random(len(said)))[::-1].astype(np.float32)
    scores = scores if decimals is None else np.round(scores, decimals)
    answers = detections([box for box, _ in said], [label for _, label in said], scores.tolist(), masks)
    return objects(boxes, labels, crowd, masks), answers


def _box(random: np.random.Generator) -> list[float]:
    height, width = SIZE
    w, h = random.uniform(6, 60), random.uniform(6, 50)
    x, y = random.uniform(0, width - w), random.uniform(0, height - h)
    # Whole numbers now and then, so that overlaps lie on a threshold.
    return [float(round(side)) if random.random() < 0.3 else float(side) for side in (x, y, x + w, y + h)]


def _moved(random: np.random.Generator, box: list[float], share: float) -> list[float]:
    left, top, right, bottom = box
    dx, dy = (right - left) * share, (bottom - top) * share
    moved = np.array(box) + random.uniform(-1, 1, 4) * [dx, dy, dx, dy]
    moved[2:] = np.maximum(moved[2:], moved[:2] + 1)
    return moved.tolist()


def _ellipses(boxes: NDArray[np.floating]) -> tuple[bytes, ...]:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]] + 0.5
    masks = []
    for left, top, right, bottom in boxes.tolist():
        across = (2 * columns - left - right) / max(right - left, 1e-6)
        down = (2 * rows - top - bottom) / max(bottom - top, 1e-6)
        masks.append(encode_mask(across**2 + down**2 <= 1))
    return tuple(masks)
