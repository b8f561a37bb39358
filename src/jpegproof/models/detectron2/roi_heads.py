"""The second stage: boxes, classes and masks of proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler

from jpegproof.exceptions import ModelError
from jpegproof.models.detectron2 import box_head, mask_head
from jpegproof.models.detectron2.box_head import BoxHead, BoxPredictor, Found, box_losses, found, split
from jpegproof.models.detectron2.boxes import match
from jpegproof.models.detectron2.mask_head import MaskHead, mask_loss, of_class, true_masks
from jpegproof.models.detectron2.pooler import pooled
from jpegproof.models.detectron2.truth import Truth
from jpegproof.tasks.detector import Dense

#: Proposals of a picture at which dense answers are compared. Detecting looks at 1,000, but in a picture that has a
#: few dozen objects what is detected comes from the first hundreds, and with all of them most of the mean would be
#: about background.
DENSE_PROPOSALS = 256

#: Proposals of a picture that the losses look at, and the share of them that are objects where there are as many.
_SAMPLED, _OBJECTS = 512, 0.25


class Sampled(NamedTuple):
    """The boxes of a picture that its losses look at.

    Attributes:
        boxes: (S, 4) in input pixels.
        numbers: (S,) of the truth that each is about; -1 for background.
        classes: (S,) of that truth; the number of classes for background.
        true_boxes: (S, 4) of that truth; 0 for background.
    """

    boxes: Tensor
    numbers: Tensor
    classes: Tensor
    true_boxes: Tensor


class RoiHeads(nn.Module):
    """Box head and, where wanted, mask head.

    Args:
        classes: without the background.
        masks: whether to have a mask head.
    """

    def __init__(self, classes: int, masks: bool) -> None:
        super().__init__()
        self.classes = classes
        self.box_head = BoxHead()
        self.box_predictor = BoxPredictor(classes)
        self.mask_head = MaskHead(classes) if masks else None

    def boxes(self, maps: Mapping[str, Tensor], proposals: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Logits and offsets (see `BoxPredictor`) of (P, 4) proposals, those of all pictures in one row."""
        logits, offsets = self.box_predictor(self.box_head(pooled(maps, proposals, box_head.SIDE)))
        return logits.float(), offsets.float()  # boxes are not to be had in half precision

    def masks(self, maps: Mapping[str, Tensor], boxes: Sequence[Tensor], classes: Tensor) -> Tensor | None:
        """(D, 28, 28) mask logits of the boxes of all pictures for a class each; None without a mask head."""
        if self.mask_head is None:
            return None
        return of_class(self.mask_head(pooled(maps, boxes, mask_head.SIDE)), classes).float()

    def detect(
        self, maps: Mapping[str, Tensor], proposals: Sequence[Tensor], sizes: Sequence[tuple[int, int]]
    ) -> tuple[list[Found], list[Tensor] | None]:
        """Each picture's detections, and the (D, 28, 28) probabilities of their masks where there is a mask head."""
        logits, offsets = (split(values, proposals) for values in self.boxes(maps, proposals))
        detections = [found(*of_picture) for of_picture in zip(logits, offsets, proposals, sizes, strict=True)]
        boxes = [picture.boxes for picture in detections]
        masks = self.masks(maps, boxes, torch.cat([picture.classes for picture in detections]))
        return detections, None if masks is None else split(masks.sigmoid(), boxes)

    def dense(
        self, maps: Mapping[str, Tensor], proposals: Tensor, size: tuple[int, int], like: Dense | None
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Tensors and beliefs (see `Dense`) of one picture at its proposals.

        ``class_logits`` (P, C + 1), ``box_offsets`` (P, C, 4), and with masks ``mask_logits`` (D, 28, 28) at what is
        detected among these proposals with the logits and offsets of `like`, so that the original's detections are
        looked at on the corrected JPEG too.
        """
        logits, offsets = self.boxes(maps, [proposals])
        probabilities = logits.detach().softmax(-1)
        tensors = {"class_logits": logits, "box_offsets": offsets.unflatten(1, (-1, 4))}
        belief = {
            "class_logits": 1 - probabilities[:, -1:],
            "box_offsets": probabilities[:, :-1, None],
        }
        source = tensors if like is None else like.tensors
        detections = found(source["class_logits"], source["box_offsets"].flatten(1), proposals, size)
        masks = self.masks(maps, [detections.boxes], detections.classes)
        if masks is not None:
            tensors["mask_logits"] = masks
            belief["mask_logits"] = detections.scores[:, None, None]
        return tensors, belief

    def losses(
        self, maps: Mapping[str, Tensor], proposals: Sequence[Tensor], truths: Sequence[Truth]
    ) -> dict[str, Tensor]:
        """The losses of sampled proposals, the true boxes among them.

        Raises:
            ModelError: there is a mask head, and a picture's truth has no masks.
        """
        if self.mask_head is not None and any(truth.masks is None for truth in truths):
            raise ModelError("the network learns masks, and the targets have none; give targets with masks")
        sampled = [self._sampled(boxes, truth) for boxes, truth in zip(proposals, truths, strict=True)]
        boxes, numbers, classes, true_boxes = (list(column) for column in zip(*sampled, strict=True))
        logits, offsets = self.boxes(maps, boxes)
        losses = box_losses(logits, offsets, torch.cat(boxes), torch.cat(classes), torch.cat(true_boxes))
        objects = [of_picture >= 0 for of_picture in numbers]
        chosen = [of_picture[mask] for of_picture, mask in zip(boxes, objects, strict=True)]
        masks = self.masks(maps, chosen, torch.cat(classes)[torch.cat(objects)])
        if masks is not None:
            wanted = [
                true_masks(truth.masks, of_picture[mask], picture_boxes)
                for truth, of_picture, mask, picture_boxes in zip(truths, numbers, objects, chosen, strict=True)
                if truth.masks is not None and len(picture_boxes)
            ]
            losses["loss_mask"] = mask_loss(masks, torch.cat(wanted) if wanted else torch.zeros_like(masks))
        return losses

    def _sampled(self, proposals: Tensor, truth: Truth) -> Sampled:
        boxes = torch.cat([proposals, truth.boxes.to(proposals.dtype)])
        matched = match(truth.boxes.to(boxes.dtype), boxes, 0.5, 0.5)
        (object_mask,), (background_mask,) = BalancedPositiveNegativeSampler(_SAMPLED, _OBJECTS)([matched + 1])
        (chosen,) = torch.where(object_mask.bool() | background_mask.bool())
        boxes, numbers = boxes[chosen], matched[chosen]
        classes, true_boxes = torch.full_like(numbers, self.classes), torch.zeros_like(boxes)
        objects = numbers >= 0
        classes[objects] = truth.classes[numbers[objects]]
        true_boxes[objects] = truth.boxes[numbers[objects]].to(boxes.dtype)
        return Sampled(boxes, numbers, classes, true_boxes)
