"""Detectors of transformers, from DETR on: a set of boxes with logits over classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from jpegproof.exceptions import ModelError, missing_extra
from jpegproof.models.detectors.adapter import Adapter
from jpegproof.models.detectors.modes import all_but_noise, modes
from jpegproof.models.detectron2.categories import COCO_CATEGORIES, Categories
from jpegproof.tasks.detector import Boxes, Dense


class HuggingFaceDetector(Adapter):
    """A detector of transformers that answers with ``logits`` and ``pred_boxes`` of queries.

    It is asked picture by picture, so that nothing is padded. Its dense tensors, with Q queries and C classes:
    ``class_logits`` (Q, C), with the class of no object last where it has one, and ``boxes`` (Q, 4) as shares of the
    picture's sides. What asks at each place of the picture first, and then makes queries of the best places, has other
    queries on another version of the picture; of it the places are compared: ``place_logits`` (places, C) and
    ``place_boxes`` (places, 4).

    Args:
        network: a ``...ForObjectDetection``.
        processor: its image processor, which knows what answers become in use.
        labels: the category id of each of its classes.
    """

    def __init__(self, network: nn.Module, processor: Any, labels: Sequence[int]) -> None:
        super().__init__(network)
        self._processor = processor
        self._categories = Categories(labels)

    def forward(self, images: Sequence[Tensor]) -> list[Boxes]:
        """See `Detector`."""
        with modes(self.network.modules(), training=False):
            return [self._boxes(image) for image in images]

    def dense(self, images: Sequence[Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """See `Detector`; there are no proposals, so `like` is not needed."""
        del like
        return [self._dense(image) for image in images]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Boxes]) -> Mapping[str, Tensor]:
        """See `Detector`: the sum that transformers trains with, boxes being assigned to queries.

        Raises:
            MissingExtraError: SciPy is not installed, which assigns them.
            ModelError: a label is of no class of the detector.
        """
        losses = []
        for image, target in zip(images, targets, strict=True):
            height, width = image.shape[-2:]
            left, top, right, bottom = target["boxes"].float().unbind(dim=1)
            boxes = torch.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], dim=1)
            wanted = {
                "class_labels": self._categories.classes(target["labels"]).to(image.device),
                "boxes": (boxes / boxes.new_tensor([width, height, width, height])).to(image.device),
            }
            try:
                with modes(all_but_noise(self.network), training=True):
                    losses.append(self.network(pixel_values=image[None], labels=[wanted]).loss)
            except ImportError as error:
                raise missing_extra("scipy", "hf", "fine-tuning a detector named hf:...") from error
        return {"loss": torch.stack(losses).mean()}

    def _boxes(self, image: Tensor) -> Boxes:
        size = (int(image.shape[-2]), int(image.shape[-1]))
        answer = self.network(pixel_values=image[None])
        (found,) = self._processor.post_process_object_detection(answer, threshold=0.0, target_sizes=[size])
        known = found["labels"] < len(self._categories)  # queries of classes that have no name are no detections
        found = {name: value[known] for name, value in found.items()}
        return {**found, "labels": self._categories.labels(found["labels"])}

    def _dense(self, image: Tensor) -> Dense:
        with modes(all_but_noise(self.network), training=False):
            answer = self.network(pixel_values=image[None])
        places = getattr(answer, "enc_outputs_class", None)
        if places is not None:
            logits, boxes = places[0].float(), answer.enc_outputs_coord_logits[0].float().sigmoid()
            tensors = {"place_logits": logits, "place_boxes": boxes}
        else:
            logits, boxes = answer.logits[0].float(), answer.pred_boxes[0].float()
            tensors = {"class_logits": logits, "boxes": boxes}
        # One logit more than there are classes is that of no object; else each class is for itself.
        nothing = logits.shape[1] == len(self._categories) + 1
        certain = logits.detach()
        belief = 1 - certain.softmax(dim=1)[:, -1:] if nothing else certain.sigmoid().amax(dim=1, keepdim=True)
        return Dense(tensors, None, {name: belief for name in tensors})  # noqa: C420 - fromkeys loses the type


def labels_of(id2label: Mapping[int, str], arguments: Mapping[str, Any]) -> tuple[int, ...]:
    """The category id of each class of a detector.

    Args:
        id2label: what its configuration calls them, by number.
        arguments: ``categories`` says the ids, where the data set numbers them otherwise.

    Returns:
        What is said; else COCO's category ids where the classes are COCO's 80 without its gaps; else their numbers.

    Raises:
        ModelError: another argument is given, or another number of ids.
    """
    if unknown := [name for name in arguments if name != "categories"]:
        raise ModelError(f"hf: a detector takes no argument {unknown[0]!r}; it takes categories")
    said = arguments.get("categories")
    if said is not None:
        if not isinstance(said, list | tuple) or len(said) != len(id2label):
            raise ModelError(f"categories: give the category ids of the detector's {len(id2label)} classes as a list")
        return tuple(said)
    ends = (str(id2label.get(0)).lower(), str(id2label.get(79)).lower())
    if len(id2label) == len(COCO_CATEGORIES) and ends == ("person", "toothbrush"):
        return COCO_CATEGORIES
    return tuple(range(len(id2label)))
