"""Pictures as `show` answers with them, made of given answers instead of networks'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from detected_scenes import SIZE
from numpy.typing import NDArray

from jpegproof.jpeg.compression import Compression
from jpegproof.probes.shown import Look, ShownPicture, Window
from jpegproof.studies.plan import Edge
from jpegproof.tasks.objects import Detections, Objects

WHOLE: Window = (0.0, 0.0, float(SIZE[1]), float(SIZE[0]))
MITIGATIONS = ("none", "off_the_shelf", "task_targeted")


def noise(height: int = SIZE[0], width: int = SIZE[1], seed: int = 0) -> NDArray[np.uint8]:
    """(H, W, 3): what compresses worst."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def shown(
    task: str,
    metric: str,
    original: Any,
    answers: Sequence[Any],
    target: Any = None,
    name: str = "street/0007.png",
    size: tuple[int, int] = SIZE,
) -> ShownPicture:
    """A picture of noise with these answers along as many edges; None stands for an answer that was not to be had."""
    whole: Window = (0.0, 0.0, float(size[1]), float(size[0]))

    def look(mitigation: str, answer: Any, seed: int) -> Look:
        edge = Edge("finder", mitigation, "identity")
        fault = "" if answer is not None else "cannot be decoded"
        pixels = noise(*size, seed) if answer is not None else None
        return Look(edge, pixels, whole, whole, answer, None if answer is None else 50.0, fault)

    looks = tuple(look(MITIGATIONS[place], answer, place) for place, answer in enumerate(answers))
    return ShownPicture(name, "finder", task, Compression("jpeg", 10), metric, look("none", original, 9), looks, target)


def shown_boxes(original: Detections, answers: Sequence[Detections | None], target: Objects | None) -> ShownPicture:
    """A picture with a detector's answers."""
    return shown("detection", "F1", [original], [None if one is None else [one] for one in answers], target)


def shown_labels(logits: Sequence[Sequence[float]], label: int | None) -> ShownPicture:
    """A picture with a classifier's answers, the first of them on the original."""
    first, *rest = (torch.tensor([list(one)]) for one in logits)
    return shown("classification", "true_label_log_probability", first, rest, label)


def shown_verdicts(logits: Sequence[torch.Tensor], label: int | None) -> ShownPicture:
    """A picture with the answers of a detector of fakes, the first of them on the original."""
    first, *rest = ([one] for one in logits)
    return shown("forensics", "truth_score", first, rest, label)
