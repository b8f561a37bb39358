"""torchvision's Faster R-CNN and Mask R-CNN, seen through the protocol of a detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.models.detection.transform import resize_boxes

from jpegproof.models.detectors.adapter import Adapter, feature_maps
from jpegproof.models.detectors.modes import modes
from jpegproof.models.detectors.targets import loss_targets
from jpegproof.tasks.detector import Boxes, Dense

#: How many of the proposals are compared, those first that the original believes in most. The box head costs the same
#: for each of them, the rest of the network the same for all: docs/detection.md has the times.
COMPARED_PROPOSALS = 256


class TwoStage(Adapter):
    """An R-CNN of torchvision's.

    Its dense tensors of a picture, with A anchors, P proposals, C classes with the background, D detections:
    ``objectness`` (A,), ``anchor_offsets`` (A, 4), ``class_logits`` (P, C), ``box_offsets`` (P, C, 4) and, where there
    is a mask head, ``mask_logits`` (D, M, M) of each detection's own class. Offsets are in the network's own units.
    Proposals and detections are the original's, where `like` brings them: the detections follow from its tensors.

    Args:
        network: a ``torchvision.models.detection.FasterRCNN``, or a class of its kin.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self._parts: Any = network  # pyright cannot know what it holds

    def forward(self, images: Sequence[Tensor]) -> list[Boxes]:
        """See `Detector`; picture by picture, since the padding of a batch lets its pictures matter to each other."""
        parts = self._parts
        with modes([parts, parts.transform, parts.rpn, parts.roi_heads], training=False):
            return [parts([image])[0] for image in images]

    def dense(self, images: Sequence[Tensor], like: Sequence[Dense] | None = None) -> list[Dense]:
        """See `Detector`."""
        return [self._dense(image, like[place] if like is not None else None) for place, image in enumerate(images)]

    def losses(self, images: Sequence[Tensor], targets: Sequence[Boxes]) -> Mapping[str, Tensor]:
        """See `Detector`; anchors and proposals are sampled with torch's random numbers.

        Raises:
            ModelError: labels or masks are not what the detector learns from.
        """
        parts = self._parts
        classes = parts.roi_heads.box_predictor.cls_score.out_features
        wanted = loss_targets(targets, range(1, classes), parts.roi_heads.has_mask())  # 0 is the background
        # These three look at their own mode alone; what they hold, batch norm above all, stays as it is, and so does
        # the resize, which in training mode may draw its size.
        with (
            modes([parts, parts.rpn, parts.roi_heads], training=True),
            modes([parts.transform], training=False),
        ):
            return dict(parts(list(images), wanted))

    def _dense(self, image: Tensor, like: Dense | None) -> Dense:
        parts = self._parts
        with modes([parts.transform, parts.rpn], training=False):
            inputs, _ = parts.transform([image])
            features = feature_maps(parts.backbone(inputs.tensors))
            maps = list(features.values())
            raw = parts.rpn.head(maps)
            sizes = [level.shape[1] * level.shape[2] * level.shape[3] for level in raw[0]]
            objectness, offsets = concat_box_prediction_layers(*raw)
            if like is None or like.proposals is None:
                anchors = parts.rpn.anchor_generator(inputs, maps)
                proposals = self._proposals(objectness, offsets, anchors, inputs, sizes, image)
            else:
                proposals = like.proposals
        inner = resize_boxes(proposals, list(image.shape[-2:]), list(inputs.image_sizes[0]))
        class_logits, box_offsets = self._boxes(features, inner, inputs)
        tensors = {
            "objectness": objectness.flatten().float(),
            "anchor_offsets": offsets.float(),
            "class_logits": class_logits,
            "box_offsets": box_offsets,
        }
        anchored, classes = objectness.detach().flatten().float().sigmoid(), class_logits.detach().softmax(dim=1)
        belief = {
            "objectness": anchored,
            "anchor_offsets": anchored[:, None],
            "class_logits": 1 - classes[:, :1],
            # The offsets of a class that a proposal is not taken for are used by nobody.
            "box_offsets": torch.cat([torch.zeros_like(classes[:, :1]), classes[:, 1:]], dim=1)[:, :, None],
        }
        if parts.roi_heads.has_mask():
            shared = like.tensors if like is not None else tensors
            boxes, labels, scores = self._detections(shared["class_logits"], shared["box_offsets"], inner, inputs)
            tensors["mask_logits"] = self._masks(features, boxes, labels, inputs)
            belief["mask_logits"] = scores[:, None, None]
        return Dense(tensors, proposals, belief)

    @torch.no_grad()
    def _proposals(
        self, objectness: Tensor, offsets: Tensor, anchors: list[Tensor], inputs: Any, sizes: list[int], image: Tensor
    ) -> Tensor:
        """The picture's own proposals, (P, 4) in its pixels."""
        rpn = self._parts.rpn
        boxes = rpn.box_coder.decode(offsets.float(), anchors).view(1, -1, 4)
        (chosen,), _ = rpn.filter_proposals(boxes, objectness.float(), inputs.image_sizes, sizes)
        return resize_boxes(chosen[:COMPARED_PROPOSALS], list(inputs.image_sizes[0]), list(image.shape[-2:]))

    def _boxes(self, features: Mapping[str, Tensor], proposals: Tensor, inputs: Any) -> tuple[Tensor, Tensor]:
        heads = self._parts.roi_heads
        pooled = heads.box_roi_pool(features, [proposals], inputs.image_sizes)
        class_logits, offsets = heads.box_predictor(heads.box_head(pooled))
        return class_logits.float(), offsets.float().unflatten(1, (-1, 4))

    @torch.no_grad()
    def _detections(
        self, class_logits: Tensor, box_offsets: Tensor, proposals: Tensor, inputs: Any
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (D, 4) in the network's pixels, labels and scores: what these proposals become."""
        boxes, scores, labels = self._parts.roi_heads.postprocess_detections(
            class_logits, box_offsets.flatten(1), [proposals], inputs.image_sizes
        )
        return boxes[0], labels[0], scores[0]

    def _masks(self, features: Mapping[str, Tensor], boxes: Tensor, labels: Tensor, inputs: Any) -> Tensor:
        heads = self._parts.roi_heads
        pooled = heads.mask_roi_pool(features, [boxes], inputs.image_sizes)
        logits = heads.mask_predictor(heads.mask_head(pooled))
        return logits[torch.arange(len(labels), device=labels.device), labels].float()
