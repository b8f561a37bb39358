"""The seven networks; nothing heavy is imported here."""

from __future__ import annotations

#: By name, as the published folders are called: encoder, decoder, and of what the input's sides are multiples.
NETWORKS: dict[str, tuple[str, str, int]] = {
    "hrnetv2-c1": ("hrnetv2", "c1", 32),
    "mobilenetv2dilated-c1_deepsup": ("mobilenetv2dilated", "c1_deepsup", 8),
    "resnet18dilated-ppm_deepsup": ("resnet18dilated", "ppm_deepsup", 8),
    "resnet50dilated-ppm_deepsup": ("resnet50dilated", "ppm_deepsup", 8),
    "resnet101dilated-ppm_deepsup": ("resnet101dilated", "ppm_deepsup", 8),
    "resnet50-upernet": ("resnet50", "upernet", 32),
    "resnet101-upernet": ("resnet101", "upernet", 32),
}

#: ADE20K's classes in the scene parsing challenge.
CLASSES = 150
