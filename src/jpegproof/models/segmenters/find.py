"""A network that tells the class of every pixel, seen through the protocol of a segmenter, whoever built it."""

from __future__ import annotations

from typing import Any

from torch import nn

from jpegproof.models.segmenters.own_segmenter import OwnSegmenter


def as_segmenter(network: nn.Module) -> Any:
    """The network as a `jpegproof.tasks.segmenter.Segmenter`, which is a ``torch.nn.Module`` too.

    Args:
        network: one that fulfils the protocol already is answered as it is; any other is taken for an `OwnSegmenter`.
    """
    fulfils = all(callable(getattr(network, name, None)) for name in ("class_maps", "logits", "losses"))
    return network if fulfils else OwnSegmenter(network)
