"""A network that finds objects, seen through the protocol of a detector, whoever built it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Any

from torch import nn

from jpegproof.models.detectors.own_detector import OwnDetector


def as_detector(network: nn.Module, features: Sequence[str] = ()) -> Any:
    """The network as a `jpegproof.tasks.detector.Detector`, which is a ``torch.nn.Module`` too.

    Args:
        network: one that fulfils the protocol already is answered as it is; torchvision's R-CNNs and RetinaNets are
            compared by their dense tensors at the original's proposals; any other is taken for an `OwnDetector`.
        features: names of layers whose outputs are compared in place of dense answers.

    Raises:
        UnknownNameError: the network has no such layer.
    """
    if features:
        return OwnDetector(network, features)
    if _is_detector(network):
        return network
    return _of_torchvision(network) or OwnDetector(network)


def _of_torchvision(network: nn.Module) -> nn.Module | None:
    if "torchvision.models.detection" not in sys.modules:  # not imported, so the network cannot be of its kind
        return None
    from torchvision.models.detection import FasterRCNN, RetinaNet

    from jpegproof.models.detectors.one_stage import OneStage
    from jpegproof.models.detectors.two_stage import TwoStage

    if isinstance(network, FasterRCNN):  # Mask R-CNN too is one
        return TwoStage(network)
    return OneStage(network) if isinstance(network, RetinaNet) else None


def _is_detector(network: nn.Module) -> bool:
    dense, losses = getattr(network, "dense", None), getattr(network, "losses", None)
    return callable(dense) and callable(losses) and "like" in inspect.signature(dense).parameters
