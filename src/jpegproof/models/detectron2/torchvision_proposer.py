"""Proposals by the first stage of an R-CNN of torchvision's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection.rpn import concat_box_prediction_layers
from torchvision.models.detection.transform import resize_boxes

from jpegproof.models.detectors.adapter import feature_maps
from jpegproof.models.detectron2.rpn import Proposals


class TorchvisionProposer:
    """A `Proposer` of a network that torchvision built.

    Args:
        network: a ``torchvision.models.detection.FasterRCNN``, or a class of its kin, in evaluation mode.
    """

    def __init__(self, network: nn.Module) -> None:
        self._parts: Any = network  # pyright cannot know what it holds

    @torch.no_grad()
    def propose(self, images: Sequence[Tensor]) -> list[Proposals]:
        """Of each (3, H, W) RGB image in [0, 1] its proposals, best first, in its pixels."""
        return [self._propose(image) for image in images]

    def _propose(self, image: Tensor) -> Proposals:
        parts = self._parts
        inputs, _ = parts.transform([image])
        maps = list(feature_maps(parts.backbone(inputs.tensors)).values())
        objectness, offsets = parts.rpn.head(maps)
        counts = [level.shape[1] * level.shape[2] * level.shape[3] for level in objectness]
        flat_objectness, flat_offsets = concat_box_prediction_layers(objectness, offsets)
        anchors = parts.rpn.anchor_generator(inputs, maps)
        decoded = parts.rpn.box_coder.decode(flat_offsets, anchors).view(1, -1, 4)
        (boxes,), (scores,) = parts.rpn.filter_proposals(decoded, flat_objectness, inputs.image_sizes, counts)
        own_size = (image.shape[-2], image.shape[-1])
        return Proposals(resize_boxes(boxes, list(inputs.image_sizes[0]), list(own_size)), scores.logit(eps=1e-6))
