"""torchvision's published weights of detectors as local files: their older keys, and the norms that they were made for.

Source: torchvision/models/detection of pytorch/vision (key changes of heads at version 2; frozen norms; epsilon 0).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn
from torchvision.ops.misc import FrozenBatchNorm2d

#: Published weights of these were made with norms without an epsilon; torchvision sets it where it loads them itself.
_WITHOUT_EPSILON = ("fasterrcnn_resnet50_fpn", "maskrcnn_resnet50_fpn", "retinanet_resnet50_fpn")


def current_keys(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the keys that heads have today: convolutions used to stand beside their activations."""
    return {_current(key): tensor for key, tensor in weights.items()}


def freeze_norms(network: nn.Module, name: str, weights: Mapping[str, Tensor]) -> None:
    """Puts frozen norms in place of batch norms, as in torchvision's own networks, where the weights come from such.

    Args:
        network: built without weights; changed in place.
        name: of the network.
        weights: by current keys; batch norms that learned count their batches, frozen ones do not.
    """
    if any(key.endswith("num_batches_tracked") for key in weights):
        return
    epsilon = 0.0 if name in _WITHOUT_EPSILON else 1e-5
    for parent in list(network.modules()):
        for key, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d):
                setattr(parent, key, FrozenBatchNorm2d(child.num_features, epsilon))


def _current(key: str) -> str:
    if found := re.fullmatch(r"rpn\.head\.conv\.(weight|bias)", key):
        return f"rpn.head.conv.0.0.{found[1]}"
    if found := re.fullmatch(r"(head\.(?:classification|regression)_head\.conv)\.([0246])\.(weight|bias)", key):
        return f"{found[1]}.{int(found[2]) // 2}.0.{found[3]}"
    if found := re.fullmatch(r"roi_heads\.mask_head\.mask_fcn([1-4])\.(weight|bias)", key):
        return f"roi_heads.mask_head.{int(found[1]) - 1}.0.{found[2]}"
    return key
