"""torchvision's segmenters that are known by name; nothing heavy is imported here."""

from __future__ import annotations

TORCHVISION_SEGMENTERS = (
    "deeplabv3_mobilenet_v3_large",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
    "fcn_resnet50",
    "fcn_resnet101",
    "lraspp_mobilenet_v3_large",
)
