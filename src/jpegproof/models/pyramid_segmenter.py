"""A light semantic segmenter on a classifier's features: for the embedded world, and on SqueezeNet for photographs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from jpegproof.data.world import CLASS_NAMES
from jpegproof.exceptions import missing_extra
from jpegproof.models.world_classifier import WorldClassifier

_GROUPS = 8


class PyramidSegmenter(nn.Module):
    """Features at several strides, brought to one width, added from the coarsest down, and read at the finest.

    Args:
        stages: applied one after another; each answers with a level of the pyramid, finest first.
        channels: what each stage answers with.
        classes: length of the answer at each place.
        width: of the pyramid; a multiple of 8.

    Source: A. Kirillov et al., Panoptic feature pyramid networks, CVPR 2019 (the sum of levels); the mean over the
    picture beside the coarsest level is that of W. Liu et al., ParseNet, 2015. Widths are ours.
    """

    def __init__(self, stages: Sequence[nn.Module], channels: Sequence[int], classes: int, width: int = 64) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.lateral = nn.ModuleList(nn.Conv2d(count, width, 1) for count in channels)
        self.context = nn.Conv2d(channels[-1], width, 1)
        self.smooth = nn.ModuleList(_smoothed(width) for _ in channels)
        self.head = nn.Sequential(_smoothed(width), nn.Conv2d(width, classes, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) float32, normalised as the features want it -> (N, classes, h, w) logits at the finest level."""
        levels = []
        x = pictures
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        sides = [lateral(level) for lateral, level in zip(self.lateral, levels, strict=True)]
        sides[-1] = sides[-1] + self.context(levels[-1].mean(dim=(2, 3), keepdim=True))
        coarse = self.smooth[-1](sides[-1])
        for side, smooth in zip(sides[-2::-1], list(self.smooth)[-2::-1], strict=True):
            up = F.interpolate(coarse, side.shape[-2:], mode="bilinear", align_corners=False)
            coarse = smooth(side + up)
        return self.head(coarse)


def world_semantic_segmenter() -> PyramidSegmenter:
    """A segmenter of the embedded world on the world classifier's features, not trained: strides 4, 8 and 16.

    It answers for eleven classes, the background first, and takes pictures of any size normalised by mean 0.5 and
    deviation 0.5.
    """
    features = WorldClassifier().features
    return PyramidSegmenter(_cut(features, (3, 5, 7)), (24, 48, 96), len(CLASS_NAMES) + 1, width=48)


def squeezenet_segmenter(classes: int, weights: str | None = None) -> PyramidSegmenter:
    """A segmenter on torchvision's SqueezeNet 1.1, its decoder not trained: strides 4, 8 and 16.

    Args:
        classes: length of the answer.
        weights: a local file with the weights of a classifier ``squeezenet1_1``; random features without it.

    Raises:
        MissingExtraError: torchvision is not installed.
        WeightsError: the file does not fit.
    """
    try:
        from torchvision.models import squeezenet1_1
    except ImportError as error:
        raise missing_extra("torchvision", "torchvision", "SqueezeNet's features") from error
    classifier = squeezenet1_1()
    if weights is not None:
        _load(classifier, weights)
    return PyramidSegmenter(_cut(classifier.features, (5, 8, 13)), (128, 256, 512), classes)


def _load(classifier: nn.Module, weights: str) -> None:
    from pathlib import Path

    from jpegproof.weights import load_into, read_weights

    path = Path(weights).expanduser()
    load_into(classifier, read_weights(path), path)


def _cut(features: Any, ends: Sequence[int]) -> list[nn.Module]:
    """Consecutive parts of a sequence of layers, each up to and without an end."""
    return [nn.Sequential(*list(features)[start:end]) for start, end in pairwise((0, *ends))]


def _smoothed(width: int) -> nn.Sequential:
    # Normalised over groups of channels: batches of a few pictures have no statistics worth the name.
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False), nn.GroupNorm(_GROUPS, width), nn.ReLU(inplace=True)
    )
