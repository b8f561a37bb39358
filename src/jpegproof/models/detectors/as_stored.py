"""The preparation of detectors that resize by themselves: the picture as it is, in [0, 1]."""

from __future__ import annotations

from jpegproof.models.preparation import ResizeCrop

AS_STORED = ResizeCrop(resize=None, crop=None, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
