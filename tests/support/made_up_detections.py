"""Random pictures' objects, and a detector's answers that are sometimes right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from jpegproof.tasks.masks import encode_mask
from jpegproof.tasks.objects import Detections, Objects

SIZE = (160, 200)


@dataclass(frozen=True)
class MadeUp:
    """How a random data set is made.

    Attributes:
        seed: of everything that is drawn.
        pictures: how many.
        objects: at most so many a picture; some have none.
        classes: of the objects; the detector knows one more.
        scores: distinct scores; the fewer, the more ties.
        crowds: the share of objects that are crowds.
        masked: whether there are masks.
    """

    seed: int = 0
    pictures: int = 5
    objects: int = 6
    classes: int = 3
    scores: int = 5
    crowds: float = 0.2
    masked: bool = False

    def draw(self) -> tuple[list[Objects], list[Detections]]:
        """The truth and the answers, picture by picture."""
        random = np.random.default_rng(self.seed)
        truths = [self._truth(random) for _ in range(self.pictures)]
        return truths, [self._answer(random, truth) for truth in truths]

    def _truth(self, random: np.random.Generator) -> Objects:
        count = int(random.integers(0, self.objects + 1))
        boxes = _boxes(random, count)
        # As data sets state them: near the box's, and not always on its side of a boundary.
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) * random.uniform(0.6, 1.1, count)
        labels = 10 * random.integers(1, self.classes + 1, count)
        masks = _masks(random, boxes) if self.masked else None
        return Objects(SIZE, boxes, labels, random.random(count) < self.crowds, areas, masks)

    def _answer(self, random: np.random.Generator, truth: Objects) -> Detections:
        # Each object is found up to three times, more or less exactly, and some things are found that are not there.
        rows = random.permutation(np.repeat(np.arange(len(truth)), random.integers(0, 4, len(truth))))
        near = truth.boxes[rows] + random.integers(-3, 4, (len(rows), 4)) * random.integers(0, 3, (len(rows), 1))
        ghosts = _boxes(random, int(random.integers(0, 4)))
        boxes = np.concatenate([near, ghosts]).astype(np.float32)
        boxes = np.concatenate([boxes[:, :2], np.maximum(boxes[:, 2:], boxes[:, :2] + 1)], axis=1)
        labels = np.concatenate([truth.labels[rows], 10 * random.integers(1, self.classes + 2, len(ghosts))])
        scores = (random.integers(1, self.scores + 1, len(boxes)) / self.scores).astype(np.float32)
        order = np.argsort(-scores, kind="stable")
        masks = _masks(random, boxes[order]) if self.masked else None
        return Detections(SIZE, boxes[order], labels[order], scores[order], masks)


def made_up(masked: bool) -> st.SearchStrategy[MadeUp]:
    """Data sets of up to eight pictures."""
    return st.builds(
        MadeUp,
        seed=st.integers(0, 2**32 - 1),
        pictures=st.integers(1, 8),
        objects=st.integers(0, 8),
        classes=st.integers(1, 4),
        scores=st.sampled_from([1, 2, 5, 1000]),
        crowds=st.sampled_from([0.0, 0.3, 1.0]),
        masked=st.just(masked),
    )


def _boxes(random: np.random.Generator, count: int) -> np.ndarray:
    """Whole-numbered boxes, about as many small as medium and large."""
    height, width = SIZE
    sides = np.stack([random.integers(4, width - 10, count), random.integers(4, height - 10, count)], axis=1)
    sides = np.where(random.random((count, 1)) < 0.5, np.maximum(sides // 5, 1), sides)
    corners = np.stack([random.integers(0, width - sides[:, 0]), random.integers(0, height - sides[:, 1])], axis=1)
    return np.concatenate([corners, corners + sides], axis=1).astype(np.float64)


def _masks(random: np.random.Generator, boxes: np.ndarray) -> tuple[bytes, ...]:
    """Boxes with a band cut out of some."""
    masks = []
    for left, top, right, bottom in np.clip(boxes, 0, None).astype(int):
        mask = np.zeros(SIZE, dtype=bool)
        mask[top:bottom, left:right] = True
        if random.random() < 0.5:
            mask[top : top + (bottom - top) // 3] = False
        masks.append(encode_mask(mask))
    return tuple(masks)
