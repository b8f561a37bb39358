"""Made-up answers of a segmenter, and their stored form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from jpegproof.tasks.class_map import ClassMap
from jpegproof.tasks.label_map import ClassNumbers, LabelMap
from jpegproof.tasks.segmentation import SemanticSegmentation

TASK = SemanticSegmentation()


def random_maps(count: int, classes: int, seed: int, void: float = 0.1, used: int | None = None) -> list[ClassNumbers]:
    """Maps of different sizes; of the classes only the first `used` occur."""
    random = np.random.default_rng(seed)
    maps = []
    for number in range(count):
        numbers = random.integers(0, used or classes, (6 + number % 3, 7)).astype(np.int16)
        maps.append(np.where(random.random(numbers.shape) < void, np.int16(-1), numbers))
    return maps


def changed(maps: Sequence[ClassNumbers], share: float, classes: int, seed: int) -> list[ClassNumbers]:
    """The maps with a share of the pixels given another class at random, and none without one."""
    random = np.random.default_rng(seed)
    found = []
    for numbers in maps:
        other = random.integers(0, classes, numbers.shape).astype(np.int16)
        found.append(np.where((random.random(numbers.shape) < share) | (numbers < 0), other, numbers))
    return found


def stored_answers(
    said: Sequence[ClassNumbers],
    true: Sequence[ClassNumbers | None],
    before: Sequence[ClassNumbers] | None = None,
    classes: int = 5,
    skipped: Sequence[int] = (),
) -> pa.Table:
    """The stored columns of answers; those of skipped pictures are null."""
    answers = [ClassMap(numbers, classes) for numbers in said]
    originals = answers if before is None else [ClassMap(numbers, classes) for numbers in before]
    targets = [None if numbers is None else LabelMap.of(numbers) for numbers in true]
    columns, faults = TASK.record(answers, targets, originals)
    assert not any(faults)
    return pa.table(
        {
            field.name: pa.array(
                [None if place in skipped else value for place, value in enumerate(columns[field.name])], field.type
            )
            for field in TASK.schema
        }
    )
