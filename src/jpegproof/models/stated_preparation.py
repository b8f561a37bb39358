"""How pictures are to be prepared, where a network says it itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import nn

from jpegproof.models.preparation import ResizeCrop


def stated_preparation(network: nn.Module) -> ResizeCrop | None:
    """What timm's networks say of themselves; None of others, and where they say something that is not known here."""
    said: Any = getattr(network, "pretrained_cfg", None)
    wanted = ("input_size", "crop_pct", "interpolation", "mean", "std")
    if not isinstance(said, Mapping) or any(not said.get(key) for key in wanted):
        return None
    _, height, width = said["input_size"]
    resized = math.floor(height / said["crop_pct"]), math.floor(width / said["crop_pct"])
    try:
        return ResizeCrop(
            resized if said.get("crop_mode") == "squash" else min(resized),
            (height, width),
            said["interpolation"],
            tuple(said["mean"]),
            tuple(said["std"]),
        )
    except ValueError:
        return None
