"""The published detectors of fakes; nothing heavy is imported here."""

from __future__ import annotations

#: Wang et al.'s ResNet-50, which looks at pictures as a whole.
CNNDETECTION = "cnndetection"

#: Chai et al.'s networks of patches: how many blocks of Xception are kept.
XCEPTION_BLOCKS = {f"xception_block{blocks}": blocks for blocks in range(1, 6)}

#: The same, of ResNet-18 up to its first layer.
RESNET_LAYER1 = "resnet18_layer1"

FORENSICS_NETWORKS = (CNNDETECTION, *XCEPTION_BLOCKS, RESNET_LAYER1)
