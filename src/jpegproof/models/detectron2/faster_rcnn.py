"""Faster R-CNN and Mask R-CNN, each a `Detector`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from jpegproof.models.detectron2.answers import answers
from jpegproof.models.detectron2.categories import COCO_CATEGORIES, Categories
from jpegproof.models.detectron2.pasting import paste_masks
from jpegproof.models.detectron2.picture_batch import picture_batch
from jpegproof.models.detectron2.pyramid import Pyramid
from jpegproof.models.detectron2.roi_heads import DENSE_PROPOSALS, RoiHeads
from jpegproof.models.detectron2.rpn import Proposals, Rpn
from jpegproof.models.detectron2.truth import truth_of
from jpegproof.tasks.detector import Boxes, Dense


class FasterRcnn(nn.Module):
    """Faster R-CNN R50-FPN; with masks, Mask R-CNN.

    Images are (3, H, W) RGB in [0, 1], already resized (`ShortestSide`); boxes are xyxy in their pixels. An answer has
    ``boxes`` (D, 4), ``labels`` (D,) category ids, ``scores`` (D,), at most 100, best first, and with masks
    ``mask_probabilities`` (D, 28, 28): each is stretched over its box, and becomes a mask of the source picture by
    `paste` once the box is mapped back to it (at the input's size the official masks are not had).

    Args:
        categories: the category id of each class; COCO's 80 unless given.
        masks: whether to have a mask head.

    Source: Ren et al., "Faster R-CNN", 2015; He et al., "Mask R-CNN", 2017; keys, layout and constants of
    facebookresearch/detectron2, COCO-Detection/faster_rcnn_R_50_FPN and COCO-InstanceSegmentation/mask_rcnn_R_50_FPN.
    """

    def __init__(self, categories: Sequence[int] = COCO_CATEGORIES, masks: bool = False) -> None:
        super().__init__()
        self.categories = Categories(categories)
        self.backbone = Pyramid(finest=2)
        self.proposal_generator = Rpn()
        self.roi_heads = RoiHeads(len(self.categories), masks)

    def forward(self, images: Sequence[Tensor]) -> list[Boxes]:
        """The detections in each image; see the class."""
        batch = picture_batch(images)
        maps = self.backbone(batch.pixels)
        proposals = self.proposal_generator.proposals(self.proposal_generator(maps), batch.sizes)
        found, masks = self.roi_heads.detect(maps, [picture.boxes for picture in proposals], batch.sizes)
        return answers(found, masks, self.categories)

    def dense(self, images: Sequence[Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """What is computed before any box is chosen, image by image, so that none depends on its neighbours.

        ``objectness`` (A,) and ``anchor_offsets`` (A, 4) at all anchors of all levels; ``class_logits`` (P, C + 1)
        and ``box_offsets`` (P, C, 4) at the proposals, those of `like` or the image's own best `DENSE_PROPOSALS`; with
        masks ``mask_logits`` (D, 28, 28) at what `like`, or else the image itself, has detected among them. Gradients
        reach the images through all of them, and through no proposal.
        """
        return [self._dense(image, other) for image, other in zip(images, like or [None] * len(images), strict=True)]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Boxes]) -> Mapping[str, Tensor]:
        """Detectron2's losses: ``loss_rpn_cls``, ``loss_rpn_loc``, ``loss_cls``, ``loss_box_reg``, ``loss_mask``.

        Anchors and proposals are sampled by torch's generator. They are the same in training and evaluation mode.

        Raises:
            ModelError: a label is of no class of the network, or masks are wanted and missing.
        """
        truths = [truth_of(target, self.categories) for target in targets]
        batch = picture_batch(images)
        maps = self.backbone(batch.pixels)
        answer = self.proposal_generator(maps)
        proposals = self.proposal_generator.proposals(answer, batch.sizes, learning=True)
        return {
            **self.proposal_generator.losses(answer, truths),
            **self.roi_heads.losses(maps, [picture.boxes for picture in proposals], truths),
        }

    @torch.no_grad()
    def propose(self, images: Sequence[Tensor]) -> list[Proposals]:
        """Each image's proposals alone, for a network that wants them supplied."""
        batch = picture_batch(images)
        return self.proposal_generator.proposals(self.proposal_generator(self.backbone(batch.pixels)), batch.sizes)

    def paste(self, probabilities: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
        """(D, H, W) bool masks of a picture of `size` from ``mask_probabilities`` and boxes in its pixels."""
        return paste_masks(probabilities, boxes, size)

    def _dense(self, image: Tensor, like: Dense | None) -> Dense:
        batch = picture_batch([image])
        maps = self.backbone(batch.pixels)
        answer = self.proposal_generator(maps)
        if like is None or like.proposals is None:
            proposals = self.proposal_generator.proposals(answer, batch.sizes)[0].boxes[:DENSE_PROPOSALS]
        else:
            proposals = like.proposals
        objectness = torch.cat(list(answer.logits), dim=1)[0]
        believed = objectness.detach().sigmoid()
        tensors, belief = self.roi_heads.dense(maps, proposals, batch.sizes[0], like)
        return Dense(
            {"objectness": objectness, "anchor_offsets": torch.cat(list(answer.offsets), dim=1)[0], **tensors},
            proposals,
            {"objectness": believed, "anchor_offsets": believed[:, None], **belief},
        )
