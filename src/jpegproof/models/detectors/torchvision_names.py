"""torchvision's detectors that are known by name; nothing heavy is imported here."""

from __future__ import annotations

#: The task of each.
TORCHVISION_DETECTORS = {
    "fasterrcnn_resnet50_fpn": "detection",
    "fasterrcnn_resnet50_fpn_v2": "detection",
    "fasterrcnn_mobilenet_v3_large_fpn": "detection",
    "fasterrcnn_mobilenet_v3_large_320_fpn": "detection",
    "maskrcnn_resnet50_fpn": "instance_segmentation",
    "maskrcnn_resnet50_fpn_v2": "instance_segmentation",
    "retinanet_resnet50_fpn": "detection",
    "retinanet_resnet50_fpn_v2": "detection",
}
