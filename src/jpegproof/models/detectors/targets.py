"""What is true of pictures, in the form in which torchvision's losses take it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from jpegproof.exceptions import ModelError
from jpegproof.tasks.detector import Boxes


def loss_targets(targets: Sequence[Boxes], known: range, masks: bool) -> list[dict[str, Tensor]]:
    """The targets that torchvision's losses take; boxes without width or height are left out, which it refuses.

    Args:
        targets: one per picture, see `Boxes`.
        known: the labels that the detector can learn.
        masks: whether masks are needed.

    Raises:
        ModelError: a label is not one of the detector's, or masks are needed and missing.
    """
    answers = []
    for target in targets:
        if masks and "masks" not in target:
            raise ModelError(
                "fine-tuning an instance segmenter needs the masks of the objects; give a data set with masks, or use "
                "self_distilled or task_targeted, which need no labels"
            )
        boxes, labels = target["boxes"].float(), target["labels"].long()
        if len(labels) and not known[0] <= int(labels.min()) <= int(labels.max()) <= known[-1]:
            raise ModelError(
                f"the detector knows the labels {known[0]} to {known[-1]}; the data set has {int(labels.min())} to "
                f"{int(labels.max())}"
            )
        sound = (boxes[:, 2:] > boxes[:, :2]).all(dim=1)
        answer = {"boxes": boxes[sound], "labels": labels[sound]}
        answers.append({**answer, "masks": target["masks"][sound]} if masks else answer)
    return answers
