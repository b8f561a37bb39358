"""RetinaNet, a `Detector` of one stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import batched_nms, sigmoid_focal_loss

from jpegproof.models.detectron2.anchors import RATIOS, by_anchor, cell_anchors, level_anchors
from jpegproof.models.detectron2.answers import answers
from jpegproof.models.detectron2.box_head import Found
from jpegproof.models.detectron2.boxes import BACKGROUND, PLAIN_OFFSETS, clipped, has_area, match
from jpegproof.models.detectron2.categories import COCO_CATEGORIES, Categories
from jpegproof.models.detectron2.picture_batch import picture_batch
from jpegproof.models.detectron2.pyramid import WIDTH, Pyramid
from jpegproof.models.detectron2.truth import Truth, truth_of
from jpegproof.tasks.detector import Boxes, Dense

#: By level: stride, and the smallest of its three sizes of anchors, pixels; each next size is a third of an octave up.
LEVELS = {"p3": (8, 32.0), "p4": (16, 64.0), "p5": (32, 128.0), "p6": (64, 256.0), "p7": (128, 512.0)}
_OCTAVES = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
_ANCHORS = len(RATIOS) * len(_OCTAVES)

_SCORE, _NMS, _CANDIDATES, _MOST = 0.05, 0.5, 1000, 100
#: How likely an object is thought to be at an anchor before anything is learned.
_PRIOR = 0.01
_FOCAL_ALPHA, _FOCAL_GAMMA, _SMOOTH_L1_BETA = 0.25, 2.0, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class RetinaAnswer:
    """What is said of every anchor.

    Attributes:
        anchors: per level (A, 4) in input pixels.
        logits: per level (N, A, classes), before the sigmoid; there is no background.
        offsets: per level (N, A, 4).
    """

    anchors: Sequence[Tensor]
    logits: Sequence[Tensor]
    offsets: Sequence[Tensor]


class RetinaHead(nn.Module):
    """Class logits and offsets of nine anchors at each place; all levels share it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.cls_subnet, self.bbox_subnet = _four_convolutions(), _four_convolutions()
        self.cls_score = nn.Conv2d(WIDTH, _ANCHORS * classes, 3, padding=1)
        self.bbox_pred = nn.Conv2d(WIDTH, _ANCHORS * 4, 3, padding=1)
        for layer in (module for module in self.modules() if isinstance(module, nn.Conv2d)):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.constant_(self.cls_score.bias, -math.log((1 - _PRIOR) / _PRIOR))  # type: ignore[arg-type]

    def forward(self, level: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 256, H, W) to logits (N, 9 x classes, H, W) and offsets (N, 36, H, W), anchor by anchor."""
        return self.cls_score(self.cls_subnet(level)), self.bbox_pred(self.bbox_subnet(level))


class RetinaNet(nn.Module):
    """RetinaNet R50-FPN.

    Images are (3, H, W) RGB in [0, 1], already resized (`ShortestSide`); boxes are xyxy in their pixels. An answer has
    ``boxes`` (D, 4), ``labels`` (D,) category ids and ``scores`` (D,), at most 100, best first.

    Args:
        categories: the category id of each class; COCO's 80 unless given.

    Source: Lin et al., "Focal Loss for Dense Object Detection", 2017; keys, layout and constants of
    facebookresearch/detectron2, COCO-Detection/retinanet_R_50_FPN.
    """

    def __init__(self, categories: Sequence[int] = COCO_CATEGORIES) -> None:
        super().__init__()
        self.categories = Categories(categories)
        self.backbone = Pyramid(finest=3)
        self.head = RetinaHead(len(self.categories))

    def forward(self, images: Sequence[Tensor]) -> list[Boxes]:
        """The detections in each image; see the class."""
        batch = picture_batch(images)
        answer = self.answer(self.backbone(batch.pixels))
        found = [self._found(answer, number, size) for number, size in enumerate(batch.sizes)]
        return answers(found, None, self.categories)

    def dense(self, images: Sequence[Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """``class_logits`` (A, C) and ``box_offsets`` (A, 4) at all anchors, image by image.

        Gradients reach the images. Anchors depend on the image's size alone, so `like` has nothing to add.
        """
        dense = []
        for image in images:
            answer = self.answer(self.backbone(picture_batch([image]).pixels))
            logits = torch.cat(list(answer.logits), dim=1)[0]
            believed = logits.detach().amax(dim=1, keepdim=True).sigmoid()
            tensors = {"class_logits": logits, "box_offsets": torch.cat(list(answer.offsets), dim=1)[0]}
            dense.append(Dense(tensors, None, dict.fromkeys(tensors, believed)))
        return dense

    def losses(self, images: Sequence[Tensor], targets: Sequence[Boxes]) -> Mapping[str, Tensor]:
        """See `one_stage_losses`.

        Raises:
            ModelError: a label is of no class of the network.
        """
        truths = [truth_of(target, self.categories) for target in targets]
        return one_stage_losses(self.answer(self.backbone(picture_batch(images).pixels)), truths)

    def answer(self, maps: Mapping[str, Tensor]) -> RetinaAnswer:
        """What is said of every anchor of levels p3 .. p7."""
        anchors, logits, offsets = [], [], []
        for name, (stride, _) in LEVELS.items():
            level = maps[name]
            cells = cell_anchors(sizes_of(name)).to(level.device)
            anchors.append(level_anchors(cells, stride, (level.shape[-2], level.shape[-1])))
            level_logits, level_offsets = self.head(level)
            logits.append(by_anchor(level_logits, len(self.categories)).float())
            offsets.append(by_anchor(level_offsets, 4).float())
        return RetinaAnswer(anchors, logits, offsets)

    @torch.no_grad()
    def _found(self, answer: RetinaAnswer, number: int, size: tuple[int, int]) -> Found:
        boxes, classes, scores = [], [], []
        for anchors, logits, offsets in zip(answer.anchors, answer.logits, answer.offsets, strict=True):
            probabilities = logits[number].sigmoid()
            rows, of_level = torch.where(probabilities > _SCORE)
            best, chosen = probabilities[rows, of_level].topk(min(_CANDIDATES, len(rows)))
            rows = rows[chosen]
            boxes.append(PLAIN_OFFSETS.decode_single(offsets[number][rows], anchors[rows]))
            classes.append(of_level[chosen])
            scores.append(best)
        all_boxes, all_classes, all_scores = torch.cat(boxes), torch.cat(classes), torch.cat(scores)
        # Boxes compete before they are clipped, so two that differ outside of the picture alone may both stay.
        chosen = batched_nms(all_boxes, all_scores, all_classes, _NMS)[:_MOST]
        inside = clipped(all_boxes[chosen], size)
        kept = has_area(inside)
        return Found(inside[kept], all_classes[chosen][kept], all_scores[chosen][kept])


def one_stage_losses(answer: RetinaAnswer, truths: Sequence[Truth]) -> dict[str, Tensor]:
    """``loss_cls``, the focal loss of all anchors but the undecided, and ``loss_box_reg``, smooth L1.

    Both are divided by the number of anchors that are objects in these pictures; Detectron2 divides by that number's
    running mean, a state that no checkpoint keeps.
    """
    anchors = torch.cat(list(answer.anchors))
    logits, offsets = torch.cat(list(answer.logits), dim=1), torch.cat(list(answer.offsets), dim=1)
    classification, regression, count = logits.new_zeros(()), logits.new_zeros(()), 0
    for number, truth in enumerate(truths):
        matched = match(truth.boxes, anchors, 0.4, 0.5, each_truth=True)
        classification = classification + _classification(logits[number], matched, truth)
        objects = matched >= 0
        if objects.any():
            wanted = PLAIN_OFFSETS.encode_single(truth.boxes[matched[objects]], anchors[objects])
            regression = regression + F.smooth_l1_loss(
                offsets[number][objects], wanted, reduction="sum", beta=_SMOOTH_L1_BETA
            )
        count += int(objects.sum())
    return {"loss_cls": classification / max(count, 1), "loss_box_reg": regression / max(count, 1)}


def sizes_of(level: str) -> list[float]:
    """The sizes of a level's anchors, pixels."""
    return [LEVELS[level][1] * octave for octave in _OCTAVES]


def _four_convolutions() -> nn.Sequential:
    return nn.Sequential(*(layer for _ in range(4) for layer in (nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU())))


def _classification(logits: Tensor, matched: Tensor, truth: Truth) -> Tensor:
    """The focal loss of one picture's (A, C) logits, summed."""
    decided = (matched >= 0) | (matched == BACKGROUND)
    wanted = torch.zeros_like(logits)
    (objects,) = torch.where(matched >= 0)
    wanted[objects, truth.classes[matched[objects]]] = 1
    return sigmoid_focal_loss(logits[decided], wanted[decided], _FOCAL_ALPHA, _FOCAL_GAMMA, reduction="sum")
