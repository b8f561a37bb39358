"""Cross-entropy of class scores against the labels of stored pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.tasks.segmenter import VOID


def labels_at(labels: Tensor, framed: Sequence[int], scores: Sequence[int]) -> Tensor:
    """The labels at a network's resolution.

    Args:
        labels: (H, W) int64 of the stored picture.
        framed: (h, w) of the network's input, which shows all of it.
        scores: (h', w') of the network's answer.

    Returns:
        (h', w') int64: brought to the input's size and then to the answer's, each time the label that lies at a
        pixel's centre, as CSAIL's training does by Pillow's nearest neighbour.
    """
    for size in (framed, scores):
        down, across = (_nearest(given, wanted) for given, wanted in zip(labels.shape, size, strict=True))
        labels = labels[down.to(labels.device)[:, None], across.to(labels.device)]
    return labels


def label_loss(pairs: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """The mean cross-entropy over the labelled pixels of all pictures: (), 0 where there is none.

    Args:
        pairs: of one picture or several of one size each, class scores (N, K, h, w) before softmax and labels
            (N, h, w) int64 at their resolution, `VOID` where none is known; one pair or more.

    Raises:
        ModelError: a label is no class of the network.
    """
    total, count = [], []
    for scores, labels in pairs:
        highest = int(labels.max())
        if highest >= scores.shape[1]:
            raise ModelError(
                f"a pixel is labelled with class {highest}, and the network knows the {scores.shape[1]} classes from 0 "
                f"to {scores.shape[1] - 1}"
            )
        total.append(F.cross_entropy(scores.float(), labels, ignore_index=VOID, reduction="sum"))
        count.append((labels != VOID).sum())
    return torch.stack(total).sum() / torch.stack(count).sum().clamp(min=1)


def _nearest(given: int, wanted: int) -> Tensor:
    """Which of the given samples each of the wanted ones is, as Pillow finds it."""
    step = given / wanted
    # Added up step by step, as Pillow does: of two samples equally near, the error that gathers decides.
    centres = np.cumsum(np.concatenate([[step / 2], np.full(wanted - 1, step)]))
    return torch.from_numpy(np.minimum(centres.astype(np.int64), given - 1))
