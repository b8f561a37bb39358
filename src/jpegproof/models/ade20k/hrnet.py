"""HRNetV2-W48: four resolutions side by side, all of them the encoder's answer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from timm.models.hrnet import HighResolutionNet, cfg_cls
from torch import Tensor

from jpegproof.models.ade20k.resize import resized


class HighResolutionEncoder(HighResolutionNet):
    """timm's HRNet-W48 as the official encoder; its keys are the official ones.

    Where branches are added up, timm enlarges the smaller map by repeating pixels. The official code interpolates to
    the size of the larger map, also where that is no multiple, so branches are added up here.

    Source: J. Wang et al., Deep high-resolution representation learning for visual recognition, 2019; as in
    CSAILVision/semantic-segmentation-pytorch.
    """

    #: Of the map that `forward` answers with.
    channels = (720,)

    def __init__(self) -> None:
        super().__init__(cfg_cls["hrnet_w48"], head="")

    def forward(self, x: Tensor) -> list[Tensor]:
        """(N, 3, H, W) to one map (N, 720, H / 4, W / 4): the branches, resized and put together."""
        x = self.act1(self.bn1(self.conv1(x)))
        x = self.layer1(self.act2(self.bn2(self.conv2(x))))
        branches = [move(x) for move in self.transition1]
        branches = _through(self.stage2, branches)
        branches = _through(self.stage3, _with_one_more(self.transition2, branches))
        branches = _through(self.stage4, _with_one_more(self.transition3, branches))
        return [torch.cat([resized(branch, branches[0]) for branch in branches], dim=1)]


def _with_one_more(transition: Any, branches: Sequence[Tensor]) -> list[Tensor]:
    """The branches, and a new one at half the size of the last."""
    return [*branches, transition[-1](branches[-1])]


def _through(stage: Any, branches: list[Tensor]) -> list[Tensor]:
    for module in stage:
        alone = [blocks(branch) for blocks, branch in zip(module.branches, branches, strict=True)]
        branches = [_sum(fuse, alone, place) for place, fuse in enumerate(module.fuse_layers)]
    return branches


def _sum(fuse: Any, branches: Sequence[Tensor], place: int) -> Tensor:
    """All branches at the resolution of the one at a place."""
    terms = []
    for other, branch in enumerate(branches):
        if other <= place:  # the same, or a larger one that is shrunk by strided convolutions
            terms.append(fuse[other](branch))
        else:
            convolution, norm, _ = fuse[other]
            terms.append(resized(norm(convolution(branch)), branches[place]))
    return reduce(torch.add, terms).relu()
