"""The mask head: which pixels of a detected box are the object's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import roi_align

from jpegproof.models.detectron2.pyramid import WIDTH

#: Side of the features that the head takes, and of the masks that it answers with.
SIDE, MASK_SIDE = 14, 28


class MaskHead(nn.Module):
    """Four convolutions, a deconvolution to twice the size, and a map for each class.

    Source: He et al., "Mask R-CNN", 2017, section 3 and figure 4; facebookresearch/detectron2.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.mask_fcn1, self.mask_fcn2, self.mask_fcn3, self.mask_fcn4 = (
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(4)
        )
        self.deconv = nn.ConvTranspose2d(WIDTH, WIDTH, 2, stride=2)
        self.predictor = nn.Conv2d(WIDTH, classes, 1)
        for layer in (self.mask_fcn1, self.mask_fcn2, self.mask_fcn3, self.mask_fcn4, self.deconv):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.predictor.weight, std=0.001)
        nn.init.zeros_(self.predictor.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(P, 256, 14, 14) to logits (P, classes, 28, 28)."""
        for layer in (self.mask_fcn1, self.mask_fcn2, self.mask_fcn3, self.mask_fcn4, self.deconv):
            features = F.relu(layer(features))
        return self.predictor(features)


def of_class(logits: Tensor, classes: Tensor) -> Tensor:
    """(P, 28, 28): of (P, C, 28, 28) the map of each box's class."""
    return logits[torch.arange(len(classes), device=classes.device), classes]


def mask_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Mean cross entropy of (P, 28, 28) logits against masks of 0 and 1; zero of none."""
    if not len(logits):
        return logits.sum()
    return F.binary_cross_entropy_with_logits(logits, wanted.to(logits.dtype))


def true_masks(masks: Tensor, numbers: Tensor, boxes: Tensor) -> Tensor:
    """What the head should answer: (P, 28, 28) bool.

    Args:
        masks: (M, H, W) of the objects, 0 or 1, in input pixels.
        numbers: (P,) the object of each box.
        boxes: (P, 4) in input pixels.

    An object's share of each of the 28 x 28 fields of the box is averaged from its bitmap; half is enough.
    """
    rows = torch.cat([numbers[:, None].to(boxes.dtype), boxes], dim=1)
    share = roi_align(masks[:, None].to(boxes.dtype), rows, MASK_SIDE, 1.0, sampling_ratio=-1, aligned=True)
    return share[:, 0] >= 0.5
